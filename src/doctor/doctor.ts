/** `oidc-provider-mock doctor`: checks a running provider from a client's point of view and recommends settings. */
import { hasTls, normalizePath } from '../config/check/server.js'
import type { Config } from '../generated/types.js'
import { createClock } from '../issuer/clock.js'
import { type Facts, gatherFacts } from './facts.js'
import type { FetchOptions } from './fetch.js'
import type { Finding } from './finding.js'
import { judge } from './findings.js'

/** The result of a check. */
export interface Diagnosis {
  readonly asked: string
  readonly healthy: boolean
  readonly findings: readonly Finding[]
}

/** Returns the URL of a provider with these settings, as used on the same machine. */
export function askedUrl(server: Config['server']): string {
  const { host, port, base_path = '' } = server
  const local = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host)
  const name = local ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${hasTls(server) ? 'https' : 'http'}://${name}:${port}${normalizePath(base_path)}`
}

export async function diagnose(url: string, options: FetchOptions): Promise<Diagnosis> {
  const facts: Facts = await gatherFacts(url, createClock(), options)
  const findings = judge(facts)
  return { asked: facts.asked, healthy: findings.every(({ level }) => level === 'ok' || level === 'note'), findings }
}

/** Formats each finding as a line, followed by its advice. */
export function formatDiagnosis({ asked, findings }: Diagnosis): string {
  const lines = findings.flatMap(({ level, about, message, advice }) => [
    `${level.padEnd(4)}  ${about}: ${message}`,
    ...(advice === undefined ? [] : [`      → ${advice}`]),
  ])
  return [`${asked} as seen from this machine:`, ...lines, ''].join('\n')
}

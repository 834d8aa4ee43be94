/** What the doctor sees from where it runs: the answers of discovery and JWKS, unjudged. */
import type { Clock } from '../issuer/clock.js'
import { type Fetched, type FetchOptions, fetchJson } from './fetch.js'

export interface Facts {
  /** What was asked, as the user wrote it but for the slash at its end: the base of discovery. */
  readonly asked: string
  readonly discovery: Fetched
  /** Missing where discovery names no JWKS. */
  readonly jwks?: Fetched
  /** The clock here when discovery answered, in seconds. */
  readonly now: number
}

const DISCOVERY = '/.well-known/openid-configuration'

/** Asks for discovery below the URL (or for the document itself), and for the JWKS that it names. */
export async function gatherFacts(url: string, clock: Clock, options: FetchOptions): Promise<Facts> {
  const whole = url.replace(/[?#].*$/, '')
  const asked = (whole.endsWith(DISCOVERY) ? whole.slice(0, -DISCOVERY.length) : whole).replace(/\/+$/, '')
  const discovery = await fetchJson(asked + DISCOVERY, options)
  const now = clock.now()
  const jwks_uri = discovery.json?.jwks_uri
  if (typeof jwks_uri !== 'string') return { asked, discovery, now }
  return { asked, discovery, now, jwks: await fetchJson(jwks_uri, options) }
}

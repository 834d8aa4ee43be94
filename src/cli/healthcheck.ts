/** The health check for container engines: `oidc-provider-mock healthcheck`. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { hasTls } from '../config/check/server.js'
import { unbracketed } from '../config/destinations.js'
import type { Config } from '../generated/types.js'
import { PATHS } from '../routes.js'

/** Time limit of the request in milliseconds; engines wait longer, so that they receive the message. */
const TIME_LIMIT = 3000

/** Returns the URL of /healthz for a server with these settings, as seen from the same machine. */
export function healthUrl(server: Config['server']): string {
  const { port } = server
  const host = unbracketed(server.host)
  // RFC 1122 §3.2.1.3: these addresses mean all interfaces and cannot be called; the loopback address can.
  const target = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${hasTls(server) ? 'https' : 'http'}://${target.includes(':') ? `[${target}]` : target}:${port}${PATHS.healthz}`
}

/** Resolves if the provider is healthy. Otherwise throws an Error that describes the response. */
export async function checkHealth(server: Config['server'], time_limit = TIME_LIMIT): Promise<void> {
  const url = healthUrl(server)
  if (server.port === 0) throw new Error('port is 0, expected the port of the running provider; set it with --port')
  const { status, body } = await get(url, time_limit).catch((error: Error) => {
    const late = error.name === 'AbortError' || error.name === 'TimeoutError'
    throw new Error(late ? `${url} did not answer within ${time_limit} ms` : `${url} does not answer: ${error.message}`)
  })
  if (status !== 200)
    throw new Error(`${url} answered with status ${status}, expected 200; check whether another program listens there`)
  if (statusIn(body) === 'ok') return
  throw new Error(`${url} answered 200 without "status": "ok"; check whether another program listens there`)
}

async function get(url: string, time_limit: number): Promise<{ status: number | undefined; body: string }> {
  const signal = AbortSignal.timeout(time_limit)
  return await new Promise((resolve, reject) => {
    // Use the first address of a name, as the server does. Node's errors for several addresses have no message.
    const options = { signal, autoSelectFamily: false }
    // The check is about health, not identity, so any certificate is accepted.
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: false })
      : requestHttp(url, options)
    request.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    request.on('response', (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode, body }),
        (error) => reject(signal.aborted ? signal.reason : error),
      )
    })
    request.end()
  })
}

function statusIn(body: string): unknown {
  try {
    return (JSON.parse(body) as { status?: unknown } | null)?.status
  } catch {
    return undefined
  }
}

/**
 * Returns the arguments of the program in the command line of a container's first process. Container engines run the
 * health check without these arguments, although they can set the port.
 * @param command_line content of /proc/1/cmdline, separated by NUL.
 */
export function argumentsOfServer(command_line: string, program: string): string[] {
  const parts = command_line.split('\0').slice(0, -1)
  const index = parts.indexOf(program)
  return index === -1 ? [] : parts.slice(index + 1)
}

/** A look from outside at a provider on this machine, for container engines: `oidc-provider-mock healthcheck`. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { hasTls } from '../config/check_server.js'
import type { Config } from '../generated/types.js'
import { PATHS } from '../routes.js'

/** Milliseconds that the answer may take; engines wait longer, so that the sentence still reaches them. */
const TIME_LIMIT = 3000

/** Where a server with these settings can be asked from the same machine. */
export function healthUrl(server: Config['server']): string {
  const { host, port } = server
  // RFC 1122 §3.2.1.3: such an address is for listening on all interfaces; what can be called is one of them.
  const target = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${hasTls(server) ? 'https' : 'http'}://${target.includes(':') ? `[${target}]` : target}:${port}${PATHS.healthz}`
}

/** Resolves if the provider says that it is well; else throws a sentence that says what came instead. */
export async function checkHealth(server: Config['server'], time_limit = TIME_LIMIT): Promise<void> {
  const url = healthUrl(server)
  if (server.port === 0)
    throw new Error('port 0 stands for any free port, so there is none to ask; say which with --port')
  const { status, body } = await get(url, time_limit).catch((error: Error) => {
    const late = error.name === 'AbortError' || error.name === 'TimeoutError'
    throw new Error(late ? `${url} did not answer within ${time_limit} ms` : `${url} does not answer: ${error.message}`)
  })
  if (status !== 200)
    throw new Error(`${url} answered ${status}, but 200 was expected; does something else listen there?`)
  if (statusIn(body) === 'ok') return
  throw new Error(`${url} answered 200 without "status": "ok"; does something else listen there?`)
}

async function get(url: string, time_limit: number): Promise<{ status: number | undefined; body: string }> {
  const signal = AbortSignal.timeout(time_limit)
  return await new Promise((resolve, reject) => {
    // A name means its first address, as it does for the server. Node's errors for several addresses say nothing.
    const options = { signal, autoSelectFamily: false }
    // It asks whether the server is well, not who it is, so any certificate will do.
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
 * The arguments that the program was started with as, or below, a container's first process. An engine starts the check
 * without them, though they may say where the server listens. `command_line` is as the system keeps it, with NULs.
 */
export function argumentsOfServer(command_line: string, program: string): string[] {
  const parts = command_line.split('\0').slice(0, -1)
  const index = parts.indexOf(program)
  return index === -1 ? [] : parts.slice(index + 1)
}

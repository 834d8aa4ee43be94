/** Calls routes of the admin API with JSON and reads JSON responses. */
import { text } from 'node:stream/consumers'
import { AdminError } from './admin_error.js'
import type { Transport, TransportRequest, TransportResponse } from './transport.js'

export interface CallOptions {
  /** Values of the path parameters. */
  readonly params?: Readonly<Record<string, string>>
  /** Query parameters. A member that is undefined is left out. */
  readonly query?: object
  /** Body, sent as JSON. Absent: no body. */
  readonly body?: unknown
  /** Time limit for the whole response in milliseconds. Default: 30 seconds. */
  readonly limit?: number
}

/** Calls routes of the admin API of one issuer. */
export interface Caller {
  /** Returns the JSON of the response, or undefined if the body is empty. @throws {AdminError} */
  call<T>(method: TransportRequest['method'], path: string, options?: CallOptions): Promise<T>
  /** Returns the response as soon as its headers arrive. The signal aborts it. @throws {AdminError} */
  open(
    method: TransportRequest['method'],
    path: string,
    signal: AbortSignal,
    options?: Omit<CallOptions, 'limit'>,
  ): Promise<TransportResponse>
}

/** @param own_path path of the issuer below the root of the provider: empty, or `/issuers/{name}`. */
export function createCaller(transport: Transport, own_path: string): Caller {
  const open: Caller['open'] = async (method, path, signal, options = {}) => {
    const { params = {}, query = {}, body } = options
    const url = own_path + fill(path, params) + queryOf(query)
    const operation = `${method} ${transport.url}${url.split('?')[0]}`
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) }
    const response = await transport
      .send({ method, path: url, headers, ...content, signal })
      .catch((error: unknown) => Promise.reject(unreachable(operation, transport.url, signal.reason ?? error)))
    if (response.status < 300) return response
    throw await readRefusal(operation, response)
  }
  return {
    open,
    async call<T>(method: TransportRequest['method'], path: string, options: CallOptions = {}) {
      const { body } = await open(method, path, AbortSignal.timeout(options.limit ?? TIME_LIMIT), options)
      const json = await text(body)
      return (json === '' ? undefined : JSON.parse(json)) as T
    },
  }
}

/** Default time limit for a response in milliseconds. */
const TIME_LIMIT = 30_000

const fill = (path: string, params: Readonly<Record<string, string>>) =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name]!))

function queryOf(query: object): string {
  const members = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return members.length === 0 ? '' : `?${new URLSearchParams(members)}`
}

function unreachable(operation: string, url: string, error: unknown): AdminError {
  // A host name with several addresses fails with one error for each address.
  const { errors: [first] = [error] } = error as Partial<AggregateError>
  const description = `no provider answers at ${url} (${(first as Error).message}); start a provider there, or correct the URL`
  return new AdminError(operation, 0, 'unreachable', description)
}

async function readRefusal(operation: string, { status, body }: TransportResponse): Promise<AdminError> {
  const { error, error_description } = parseRefusal(await text(body))
  if (typeof error === 'string') return new AdminError(operation, status, error, String(error_description))
  const description = `the response has status ${status} without an error of the admin API, expected a provider at this URL; check the URL`
  return new AdminError(operation, status, 'unreachable', description)
}

function parseRefusal(json: string): { readonly error?: unknown; readonly error_description?: unknown } {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}

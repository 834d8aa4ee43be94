/** One call of the admin API: a path, a query and a JSON body in; a JSON answer out, or an AdminError. */
import { text } from 'node:stream/consumers'
import { AdminError } from './admin_error.js'
import type { Received, Sent, Transport } from './transport.js'

export interface CallOptions {
  /** What stands in the path at `:name`. */
  readonly params?: Readonly<Record<string, string>>
  /** Members that are undefined are left out. */
  readonly query?: object
  /** Sent as JSON; left out, there is none. */
  readonly body?: unknown
  /** Milliseconds for the whole answer to come. */
  readonly limit?: number
}

/** Calls routes of one issuer. */
export interface Caller {
  /** The answer's JSON; undefined where there is none. @throws {AdminError} */
  call<T>(method: Sent['method'], path: string, options?: CallOptions): Promise<T>
  /** The answer as it comes, until the signal. @throws {AdminError} */
  open(
    method: Sent['method'],
    path: string,
    signal: AbortSignal,
    options?: Omit<CallOptions, 'limit'>,
  ): Promise<Received>
}

/** @param own_path what of every path belongs to the issuer: empty, or `/issuers/{name}`. */
export function createCaller(transport: Transport, own_path: string): Caller {
  const open: Caller['open'] = async (method, path, signal, options = {}) => {
    const { params = {}, query = {}, body } = options
    const url = own_path + fill(path, params) + queryOf(query)
    const about = `${method} ${transport.url}${url.split('?')[0]}`
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) }
    const received = await transport
      .send({ method, path: url, headers, ...content, signal })
      .catch((error: unknown) => Promise.reject(unreachable(about, transport.url, signal.reason ?? error)))
    if (received.status < 300) return received
    throw await refusalOf(about, received)
  }
  return {
    open,
    async call<T>(method: Sent['method'], path: string, options: CallOptions = {}) {
      const { body } = await open(method, path, AbortSignal.timeout(options.limit ?? TIME_LIMIT), options)
      const answer = await text(body)
      return (answer === '' ? undefined : JSON.parse(answer)) as T
    },
  }
}

/** Milliseconds after which no answer is awaited any more. */
const TIME_LIMIT = 30_000

const fill = (path: string, params: Readonly<Record<string, string>>) =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name]!))

function queryOf(query: object): string {
  const members = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return members.length === 0 ? '' : `?${new URLSearchParams(members)}`
}

function unreachable(about: string, url: string, error: unknown): AdminError {
  // A name with several addresses fails with an error that holds one for each.
  const { errors: [first] = [error] } = error as Partial<AggregateError>
  const description = `no provider answers at ${url} (${(first as Error).message}); start one there, or give its URL`
  return new AdminError(about, 0, 'unreachable', description)
}

async function refusalOf(about: string, { status, body }: Received): Promise<AdminError> {
  const answer = await text(body)
  const { error, error_description } = parse(answer)
  if (typeof error === 'string') return new AdminError(about, status, error, String(error_description))
  const description = `status ${status} came, which is no answer of the admin API; is the URL that of a provider?`
  return new AdminError(about, status, 'unreachable', description)
}

function parse(answer: string): { readonly error?: unknown; readonly error_description?: unknown } {
  try {
    return Object(JSON.parse(answer))
  } catch {
    return {}
  }
}

/** An HTTP client that returns everything it receives, or the reason of a failure. */
import { type Agent, type IncomingHttpHeaders, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { ConfigInput } from '../../src/generated/input.js'

/** A fault rule. */
export type Rule = NonNullable<ConfigInput['faults']>[number]

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Certificate authority to trust. */
  readonly ca?: string
  readonly signal?: AbortSignal
  /** Called with each piece of the body. */
  readonly onData?: (piece: Buffer) => void
  readonly agent?: Agent
}

export interface Received {
  /** Undefined without a response. */
  readonly status?: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Error code of a failure. */
  readonly failure?: string
}

/** Resolves when the response is complete or the connection is closed. */
export function send(
  url: string,
  { method, form, json, headers, onData, agent = undefined, ...options }: Sent = {},
): Promise<Received> {
  const payload = form ? new URLSearchParams(form).toString() : JSON.stringify(json)
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  const all = {
    ...options,
    method: method ?? (payload ? 'POST' : 'GET'),
    headers: { ...(payload && { 'content-type': type }), ...headers },
    agent: agent ?? false,
  } as const
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let received: Pick<Received, 'status' | 'headers'> = { headers: {} }
    const end = (error?: NodeJS.ErrnoException) =>
      resolve({ ...received, body: Buffer.concat(pieces), ...(error && { failure: String(error.code) }) })
    const request = (url.startsWith('https:') ? overHttps : overHttp)(url, all, (answer) => {
      received = { status: answer.statusCode!, headers: answer.headers }
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece)
        onData?.(piece)
      })
      answer.on('error', end).on('end', () => end())
    })
    request.on('error', end).end(payload)
  })
}

export const jsonOf = ({ body }: Received) => JSON.parse(body.toString()) as Record<string, unknown>

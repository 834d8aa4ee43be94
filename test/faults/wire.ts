/** A client that tells all of what comes over the wire, or how it failed. */
import { type Agent, type IncomingHttpHeaders, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { ConfigInput } from '../../src/generated/input.js'

/** A rule as the configuration has it. */
export type Rule = NonNullable<ConfigInput['faults']>[number]

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** The authority to trust, over https. */
  readonly ca?: string
  readonly signal?: AbortSignal
  /** Called with each piece of the body. */
  readonly onData?: (piece: Buffer) => void
  readonly agent?: Agent
}

export interface Came {
  /** Left out where no answer began. */
  readonly status?: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** How it failed: the code of the error. */
  readonly failure?: string
}

/** Resolves once the answer is whole, or the connection gone. */
export function send(
  url: string,
  { method, form, json, headers, onData, agent = undefined, ...options }: Sent = {},
): Promise<Came> {
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
    let came: Pick<Came, 'status' | 'headers'> = { headers: {} }
    const end = (error?: NodeJS.ErrnoException) =>
      resolve({ ...came, body: Buffer.concat(pieces), ...(error && { failure: String(error.code) }) })
    const request = (url.startsWith('https:') ? overHttps : overHttp)(url, all, (answer) => {
      came = { status: answer.statusCode!, headers: answer.headers }
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece)
        onData?.(piece)
      })
      answer.on('error', end).on('end', () => end())
    })
    request.on('error', end).end(payload)
  })
}

export const jsonOf = ({ body }: Came) => JSON.parse(body.toString()) as Record<string, unknown>

/** The entry of an exchange in the journal: what came, what was answered, and what was decided in between. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeTokens } from '../journal/decoded_token.js'
import type { JournalRequest, JournalResponse } from '../journal/journal.js'
import { isTooDeep } from '../oauth/params.js'
import { endpointOf } from '../routes.js'
import { urlOf } from './routed_url.js'

type Members = Readonly<Record<string, unknown>>

/**
 * Writes the exchange into the journal, before the first byte of the answer leaves, or when a fault has kept it back.
 * @param endpoint whose exchange it is; left out, that of the path.
 */
export function recordExchange(
  request: FastifyRequest,
  reply: FastifyReply,
  payload?: unknown,
  endpoint: string | undefined = endpointOf(request.routeOptions.url),
): void {
  const { ctx } = request
  if (endpoint === undefined) return
  const { facts, flow_id, remarks, applied, answer } = ctx.exchange
  const { issuer: _, ...about } = facts
  const { max_body } = ctx.snapshot.config.journal
  // RFC 9110 §9.3.2: what a HEAD is answered has no body.
  const said = answer ?? (request.method === 'HEAD' ? undefined : parse(payload))
  const registered = endpoint === 'registration' && isObject(said) ? said.client_id : undefined
  ctx.journal.add({
    at: ctx.now,
    ms: Math.round(reply.elapsedTime),
    ...(typeof registered === 'string' && { client_id: registered }),
    ...about,
    endpoint,
    ...(flow_id !== undefined && { flow_id }),
    request: requestOf(request, max_body),
    ...(!reply.sent && { response: responseOf(reply, said, max_body) }),
    ...(isObject(said) && (answer !== undefined || reply.statusCode >= 400) && refusalOf(said)),
    tokens: [readTokens(request), tokensIn(said, endpoint)]
      .flatMap((members) => decodeTokens(members, max_body))
      .filter((token) => !isTooDeep(token)),
    remarks,
    faults: applied,
  })
}

function requestOf(request: FastifyRequest, max: number): JournalRequest {
  const { method, headers, body } = request
  return { method, url: urlOf(request), headers, ...(body !== undefined && bodyOf(body, max)) }
}

function responseOf(reply: FastifyReply, said: unknown, max: number): JournalResponse {
  const isPage = typeof said === 'string' && /^text\/html/.test(String(reply.getHeader('content-type')))
  const body = isPage ? `a page of ${said.length} characters` : said
  return {
    status: reply.statusCode,
    headers: { ...reply.getHeaders() },
    ...(body !== undefined && body !== '' && bodyOf(body, max)),
  }
}

/** The body, or as much of it as may be kept: its first members, whole as long as they fit. */
function bodyOf(body: unknown, max: number): { readonly body: unknown; readonly body_cut?: number } {
  if (isObject(body) && isTooDeep(body)) return { body: 'JSON that nests too deep' }
  const size = sizeOf(body)
  if (size <= max) return { body }
  if (typeof body === 'string') return { body: body.slice(0, max), body_cut: size }
  let left = max
  const members = Object.entries(body as Members).flatMap(([name, value]) => {
    const room = left - name.length
    left = Math.max(0, room - sizeOf(value))
    if (sizeOf(value) <= room) return [[name, value]]
    return typeof value === 'string' && room > 0 ? [[name, value.slice(0, room)]] : []
  })
  return { body: Object.fromEntries(members), body_cut: size }
}

const sizeOf = (value: unknown) => (typeof value === 'string' ? value.length : JSON.stringify(value).length)

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null

/** JSON as a value, whatever it calls itself; else the text. What is no text (nothing, or bytes) is left out. */
function parse(payload: unknown): unknown {
  if (typeof payload !== 'string') return undefined
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}

function refusalOf({ error, error_description }: Members) {
  return {
    ...(typeof error === 'string' && { error }),
    ...(typeof error_description === 'string' && { error_description }),
  }
}

/** What came and may be a JWT. */
function readTokens({ query, body, headers }: FastifyRequest): Members {
  const [, access_token] = /^(?:bearer|dpop) +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  return { ...(access_token !== undefined && { access_token }), ...(query as Members), ...(isObject(body) && body) }
}

/** What was answered; an answer that is a JWT itself is named by its endpoint. */
const tokensIn = (said: unknown, endpoint: string): Members =>
  typeof said === 'string' ? { [endpoint]: said } : isObject(said) ? said : {}

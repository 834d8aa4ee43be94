/** Records an exchange in the journal: its raw texts, which are decoded when the journal is read. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { findTokens, isObject, parseJson } from '../journal/decode.js'
import type { NewEntry, RecordedEntry } from '../journal/entry.js'
import { endpointOf } from '../routes.js'
import { urlOf } from './routed_url.js'

type Members = Readonly<Record<string, unknown>>

/**
 * Records the exchange before the first byte of the response is sent, or when a fault has suppressed the response. Does not
 * throw: a journal that fails must not fail a request, nor the process if the request has no response.
 * @param payload serialized body of the response.
 * @param endpoint endpoint of the exchange; default: that of the path.
 */
export async function recordExchange(
  request: FastifyRequest,
  reply: FastifyReply,
  payload?: unknown,
  endpoint: string | undefined = endpointOf(request.routeOptions.url),
): Promise<void> {
  if (endpoint === undefined) return
  try {
    await request.ctx.journal.add(createEntry(request, reply, payload, endpoint))
  } catch (error) {
    request.ctx.log.error({ err: error }, 'the exchange could not be recorded in the journal')
  }
}

function createEntry(request: FastifyRequest, reply: FastifyReply, payload: unknown, endpoint: string): NewEntry {
  const { ctx } = request
  const { facts, flow_id, remarks, applied, answer: refusal } = ctx.exchange
  const { issuer: _, ...about } = facts
  const { max_body } = ctx.snapshot.config.journal
  const recordedRequest = recordRequest(request, max_body)
  // RFC 9110 §9.3.2: a response to HEAD has no body.
  const text = typeof payload === 'string' && request.method !== 'HEAD' ? payload : undefined
  const response = reply.sent ? undefined : recordResponse(reply, refusal, text, max_body)
  const registered = endpoint === 'registration' && text !== undefined ? parseJson(text) : undefined
  const client_id = isObject(registered) ? registered.client_id : undefined
  const entry: NewEntry = {
    at: ctx.now,
    ms: Math.round(reply.elapsedTime),
    ...(typeof client_id === 'string' && { client_id }),
    ...about,
    endpoint,
    ...(flow_id !== undefined && { flow_id }),
    request: recordedRequest,
    ...(response !== undefined && { response }),
    ...(refusal !== undefined && { refusal }),
    max_token: max_body,
    remarks,
    faults: applied,
  }
  const isCut = recordedRequest.body_cut !== undefined || response?.body_cut !== undefined
  return isCut ? withWholeTexts(entry, request, reply, refusal ?? parsed(text)) : entry
}

/** Adds the members that the cut texts no longer have: the tokens and the error. */
function withWholeTexts(
  entry: NewEntry,
  { body }: FastifyRequest,
  { statusCode }: FastifyReply,
  response: unknown,
): NewEntry {
  const failed = statusCode >= 400 && isObject(response)
  return {
    ...entry,
    tokens: findTokens(entry, body, response, entry.max_token),
    ...(failed && { refusal: response as Record<string, string> }),
  }
}

const parsed = (text: string | undefined) => (text === undefined ? undefined : parseJson(text))

function recordRequest(request: FastifyRequest, max: number): NonNullable<RecordedEntry['request']> {
  const { method, headers, body, raw_body } = request
  const message = { method, url: urlOf(request), headers }
  // A body that could not be parsed is not recorded: its secrets could not be found and masked.
  if (raw_body === undefined || raw_body === '' || body === undefined) return message
  if (raw_body.length <= max) return { ...message, text: raw_body }
  return { ...message, ...cut(body, max) }
}

function recordResponse(
  reply: FastifyReply,
  refusal: Members | undefined,
  text: string | undefined,
  max: number,
): NonNullable<RecordedEntry['response']> {
  const message = { status: reply.statusCode, headers: { ...reply.getHeaders() } }
  if (refusal !== undefined) return { ...message, ...cut(refusal, max) }
  if (text === undefined || text === '') return message
  if (/^text\/html/.test(String(message.headers['content-type']))) {
    return { ...message, ...cut(`a page of ${text.length} characters`, max) }
  }
  if (text.length <= max) return { ...message, text }
  return { ...message, ...cut(parseJson(text), max) }
}

/** Returns the body if it fits, otherwise its first members and its size. */
function cut(body: unknown, max: number): { readonly body: unknown; readonly body_cut?: number } {
  const size = sizeOf(body)
  if (size <= max) return { body }
  if (typeof body === 'string') return { body: body.slice(0, max), body_cut: size }
  let left = max
  const members = Object.entries(Object(body) as Members).flatMap(([name, value]) => {
    const room = left - name.length
    left = Math.max(0, room - sizeOf(value))
    if (sizeOf(value) <= room) return [[name, value]]
    return typeof value === 'string' && room > 0 ? [[name, value.slice(0, room)]] : []
  })
  return { body: Object.fromEntries(members), body_cut: size }
}

const sizeOf = (value: unknown) => (typeof value === 'string' ? value.length : JSON.stringify(value).length)

/** Decodes recorded entries: forms, JSON, errors and tokens of their raw texts. */
import { parse as parseForm } from 'node:querystring'
import { decodeTokens } from './decoded_token.js'
import type { JournalEntry, JournalRequest, JournalResponse, RecordedEntry } from './entry.js'

type Members = Readonly<Record<string, unknown>>

/** Returns the entry as it is read. */
export function decodeEntry(recorded: RecordedEntry): JournalEntry {
  const { request, response, refusal, tokens, max_token, remarks, faults, ...summary } = recorded
  const requestBody = bodyOf(request, isForm(request))
  const responseBody = bodyOf(response, false)
  const error = refusal ?? ((response?.status ?? 0) >= 400 ? responseBody : undefined)
  return {
    ...summary,
    ...(request !== undefined && { request: readMessage<JournalRequest>(request, requestBody) }),
    ...(response !== undefined && { response: readMessage<JournalResponse>(response, responseBody) }),
    ...(isObject(error) && errorOf(error)),
    tokens: tokens ?? findTokens(recorded, requestBody, responseBody, max_token),
    remarks,
    faults,
  }
}

/** Decodes the JWTs of a request and of its response. A response that is one JWT is named by its endpoint. */
export function findTokens(
  { endpoint = '', request }: Pick<RecordedEntry, 'endpoint' | 'request'>,
  requestBody: unknown,
  responseBody: unknown,
  max?: number,
) {
  const responseTokens = typeof responseBody === 'string' ? { [endpoint]: responseBody } : responseBody
  return [tokensOf(request, requestBody), responseTokens]
    .filter(isObject)
    .flatMap((members) => decodeTokens(members, max))
}

function tokensOf(request: RecordedEntry['request'], body: unknown): Members {
  const [, access_token] = /^(?:bearer|dpop) +(\S+)$/i.exec(String(request?.headers.authorization ?? '')) ?? []
  const query = request?.url.split('?')[1] ?? ''
  return { ...(access_token !== undefined && { access_token }), ...parseForm(query), ...(isObject(body) ? body : {}) }
}

function readMessage<M extends JournalRequest | JournalResponse>(message: M & { text?: string }, body: unknown): M {
  const { text: _, body: __, ...rest } = message
  return { ...rest, ...(body !== undefined && body !== '' && { body }) } as unknown as M
}

function bodyOf(message: RecordedEntry['request'] | RecordedEntry['response'], form: boolean): unknown {
  if (message?.text === undefined) return message?.body
  return form ? { ...parseForm(message.text, '&', '=', { maxKeys: 0 }) } : parseJson(message.text)
}

const isForm = (request: RecordedEntry['request']) =>
  /^application\/x-www-form-urlencoded/i.test(String(request?.headers['content-type'] ?? ''))

/** Returns JSON as a value, whatever its media type; other texts unchanged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function errorOf({ error, error_description }: Members) {
  return {
    ...(typeof error === 'string' && { error }),
    ...(typeof error_description === 'string' && { error_description }),
  }
}

export const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null

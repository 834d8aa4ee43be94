/** Doors for faults before the handler: a delay, and a response instead of that of the handler. */
import { finished } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseDelay } from '../../../duration.js'
import { declaredError, insufficientScope, invalidToken, notFound, type OAuthError } from '../../../errors.js'
import { randomSeed } from '../../../random.js'
import type { FaultAt } from '../../catalogue.js'
import type { Facts, FaultRule } from '../../rules.js'
import type { Reset } from './connections.js'

/** A request that a fault answers. */
interface Answering {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly reset: Reset
  /** Returns the method and the path of a request. */
  readonly describe: (request: FastifyRequest) => string
  /** Ends the exchange without a response. */
  readonly abandon: (request: FastifyRequest, reply: FastifyReply) => FastifyReply
}

interface FaultResponse {
  /** Returns whether the fault can happen to the request. Undefined: to every request at its endpoints. */
  fits?(facts: Facts): boolean
  /** Sends the response, abandons the exchange, or throws the error to send. */
  answer(rule: FaultRule, answering: Answering): FastifyReply
}

const because = ({ fault }: FaultRule) => `the fault ${fault} is in force`

/** The error of the rule. RFC 6749 §5.2: status 401 is for failed client authentication. */
const error: FaultResponse = {
  answer: (rule) => {
    const { error: code = '', error_description = because(rule), status = code === 'invalid_client' ? 401 : 400 } = rule
    throw declaredError(code, error_description, status)
  },
}

/** RFC 8628 §3.5: the error of a poll of the device flow. */
const poll = (code: string): FaultResponse => ({
  fits: ({ grant_type }) => grant_type === 'urn:ietf:params:oauth:grant-type:device_code',
  answer: (rule) => {
    throw declaredError(code, because(rule))
  },
})

/** The refusal of a valid token. Its end-user is known. */
const ofValidToken = (refusal: (description: string) => OAuthError): FaultResponse => ({
  fits: ({ sub }) => sub !== undefined,
  answer: (rule) => {
    throw refusal(because(rule))
  },
})

export const RESPONSES: Readonly<Record<FaultAt<'http_response'>, FaultResponse>> = {
  'http.status': { answer: answerStatus },
  'http.redirect': {
    answer: ({ location, status = 302 }, { reply }) => reply.code(status).header('location', location).send(),
  },
  'http.timeout': { answer: (_rule, { request, reply, abandon }) => abandon(request, reply) },
  'http.reset': {
    answer: (_rule, { request, reply, reset, abandon }) => {
      abandon(request, reply)
      reset(reply.raw)
      return reply
    },
  },
  'token.error': error,
  'token.authorization_pending': poll('authorization_pending'),
  'token.slow_down': poll('slow_down'),
  'token.expired_token': poll('expired_token'),
  'token.access_denied': poll('access_denied'),
  'userinfo.rejects_token': ofValidToken(invalidToken),
  'userinfo.insufficient_scope': ofValidToken(insufficientScope),
  'registration.error': error,
  'discovery.not_found': {
    answer: (_rule, { request, describe }) => {
      throw notFound(describe(request))
    },
  },
  'jwks.unavailable': {
    answer: (rule) => {
      throw declaredError('temporarily_unavailable', because(rule), 503)
    },
  },
}

/** The headers of the rule take precedence over the content type of its body. */
function answerStatus(
  { status = 503, headers = {}, body, content_type }: FaultRule,
  { reply }: Answering,
): FastifyReply {
  const isText = body === undefined || typeof body === 'string'
  const type = content_type ?? (isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
  return reply
    .code(status)
    .headers({ ...((body !== undefined || content_type !== undefined) && { 'content-type': type }), ...headers })
    .send(isText ? body : reply.serialize(body))
}

/** Delays by fault. Each resolves to whether the client still waits. */
export const DELAYS: Readonly<
  Record<FaultAt<'http_delay'>, (rule: FaultRule, reply: FastifyReply) => Promise<boolean>>
> = {
  'http.delay': async ({ delay = 0 }, { raw }) => {
    const closed = new AbortController()
    const forget = finished(raw, () => closed.abort())
    const waited = await setTimeout(millisecondsOf(delay), true, { signal: closed.signal }).catch(() => false)
    forget()
    return waited
  },
}

/** Returns a fixed delay, or a random one of a range. */
export function millisecondsOf(delay: NonNullable<FaultRule['delay']>): number {
  if (typeof delay !== 'object') return parseDelay(delay)
  const [min, max] = [parseDelay(delay.min), parseDelay(delay.max)]
  return min + ((max - min) * randomSeed()) / 2 ** 32
}

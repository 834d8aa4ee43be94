/** What happens instead of the handler, or before it: other answers, none at all, and late ones. */
import { finished } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseDelay } from '../../../duration.js'
import { declaredError, insufficientScope, invalidToken, notFound, type OAuthError } from '../../../errors.js'
import { randomSeed } from '../../../random.js'
import { recordExchange } from '../../../request/exchange.js'
import { describeRequest, toJson } from '../../../request/refusal.js'
import type { FaultName } from '../../row.js'
import type { Facts, FaultRule } from '../../rules.js'
import type { Reset } from './connections.js'

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly reset: Reset
}

interface Instead {
  /** Left out, it can happen to every request of its endpoints. */
  fits?(facts: Facts): boolean
  /** Answers, keeps the answer back, or throws what is to be answered. */
  answer(rule: FaultRule, exchange: Exchange): FastifyReply
}

const tableOf = <N extends FaultName>(table: Readonly<Record<N, Instead>>) => table

const because = ({ fault }: FaultRule) => `the fault ${fault} is in force`

/** The error that the rule names. RFC 6749 §5.2: status 401 is for a client that nobody believes. */
const error: Instead = {
  answer: (rule) => {
    const { error: code = '', error_description = because(rule), status = code === 'invalid_client' ? 401 : 400 } = rule
    throw declaredError(code, error_description, status)
  },
}

/** RFC 8628 §3.5: what a poll of the device flow is told. */
const poll = (code: string): Instead => ({
  fits: ({ grant_type }) => grant_type === 'urn:ietf:params:oauth:grant-type:device_code',
  answer: (rule) => {
    throw declaredError(code, because(rule))
  },
})

/** What is said of a good token: one whose grant is known. */
const ofGoodToken = (refusal: (description: string) => OAuthError): Instead => ({
  fits: ({ sub }) => sub !== undefined,
  answer: (rule) => {
    throw refusal(because(rule))
  },
})

/** What stands in the place of the handler. */
export const INSTEAD = tableOf({
  'http.status': { answer: answerStatus },
  'http.redirect': {
    answer: ({ location, status = 302 }, { reply }) => reply.code(status).header('location', location).send(),
  },
  'http.timeout': { answer: (_rule, { request, reply }) => keepBack(request, reply) },
  'http.reset': {
    answer: (_rule, { request, reply, reset }) => {
      keepBack(request, reply)
      reset(reply.raw)
      return reply
    },
  },
  'token.error': error,
  'token.authorization_pending': poll('authorization_pending'),
  'token.slow_down': poll('slow_down'),
  'token.expired_token': poll('expired_token'),
  'token.access_denied': poll('access_denied'),
  'userinfo.rejects_token': ofGoodToken(invalidToken),
  'userinfo.insufficient_scope': ofGoodToken(insufficientScope),
  'registration.error': error,
  'discovery.not_found': {
    answer: (_rule, { request }) => {
      throw notFound(describeRequest(request))
    },
  },
  'jwks.unavailable': {
    answer: (rule) => {
      throw declaredError('temporarily_unavailable', because(rule), 503)
    },
  },
})

/** The headers of the rule win over the type that fits its body. */
function answerStatus(
  { status = 503, headers = {}, body, content_type }: FaultRule,
  { reply }: Exchange,
): FastifyReply {
  const isText = body === undefined || typeof body === 'string'
  const type = content_type ?? (isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
  return reply
    .code(status)
    .headers({ ...((body !== undefined || content_type !== undefined) && { 'content-type': type }), ...headers })
    .send(isText ? body : toJson(body))
}

/** Takes the exchange out of the server's hands, so that nothing answers it; the journal has it all the same. */
export function keepBack(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack()
  recordExchange(request, reply, undefined)
  return reply
}

/** What happens before anything else; after it, all goes on. */
export const DELAYS = {
  /** Resolves to whether there is still somebody to answer. */
  'http.delay': async ({ delay = 0 }: FaultRule, { raw }: FastifyReply): Promise<boolean> => {
    const gone = new AbortController()
    const forget = finished(raw, () => gone.abort())
    const waited = await setTimeout(millisecondsOf(delay), true, { signal: gone.signal }).catch(() => false)
    forget()
    return waited
  },
}

/** A fixed time, or one by chance of a range. */
export function millisecondsOf(delay: NonNullable<FaultRule['delay']>): number {
  if (typeof delay !== 'object') return parseDelay(delay)
  const [min, max] = [parseDelay(delay.min), parseDelay(delay.max)]
  return min + ((max - min) * randomSeed()) / 2 ** 32
}

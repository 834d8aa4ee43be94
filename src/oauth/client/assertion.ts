/** JWTs that authenticate a client. RFC 7523 §2.2 and §3, OpenID Connect Core §9. */
import { ASYMMETRIC_ALGS, SYMMETRIC_ALGS } from '../../clients/algorithms.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { describeTime } from '../../duration.js'
import { invalidClient, shown } from '../../errors.js'
import { readClaims, readHeader } from '../jwt_parts.js'
import { enforce } from '../rules.js'
import { verifyClientJwt } from './keys.js'
import { useJti } from './used_jtis.js'

/** The client_assertion_type of a JWT. RFC 7523 §2.2. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Tolerance for a client's clock that is fast, in seconds. */
const SKEW = 60

/** Longest time in seconds between a request and the exp of its assertion, as `bounded_assertions` demands. */
const LONGEST_LIFETIME = 3600

/** An assertion before its verification. */
export interface ClientAssertion {
  readonly jwt: string
  readonly method: 'private_key_jwt' | 'client_secret_jwt'
  readonly client_id: string
}

/** Reads the client and the method of an assertion, without verifying it. */
export function readAssertion(jwt: string): ClientAssertion {
  const { iss, sub, alg } = decode(jwt)
  // RFC 7523 §3: sub is the client_id, and OpenID Connect Core §9: so is iss.
  if (typeof sub !== 'string' || sub === '') throw refusal(`has the sub ${quoted(sub)}, expected the client_id`)
  if (iss !== sub) throw refusal(`has the iss ${quoted(iss)}, expected the client_id as in sub: ${shown(sub)}`)
  return { jwt, method: String(alg).startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt', client_id: sub }
}

function decode(jwt: string): Readonly<Record<string, unknown>> {
  try {
    return { ...readClaims(jwt), alg: readHeader(jwt).alg }
  } catch (error) {
    throw refusal((error as Error).message)
  }
}

/**
 * Verifies the signature and the claims of an assertion, and stores its jti, so that it is used once.
 * @param audiences the values of aud that name this provider.
 */
export async function verifyAssertion(
  ctx: Context,
  client: Client,
  { jwt, method }: ClientAssertion,
  audiences: readonly string[],
): Promise<void> {
  const { client_id, token_endpoint_auth_signing_alg: registered } = client
  const fitting: readonly string[] = method === 'private_key_jwt' ? ASYMMETRIC_ALGS : SYMMETRIC_ALGS
  const algs = registered === undefined ? fitting : [registered]
  const { payload } = await verifyClientJwt(ctx, client, jwt, algs).catch((error: Error) => {
    throw refusal(error.message)
  })
  const { aud, exp, iat, nbf, jti } = payload
  // RFC 7523 §3: the assertion is for this authorization server.
  if (![aud].flat().some((one) => audiences.includes(one as string))) {
    throw refusal(`has the aud ${quoted(aud)}, expected one of ${audiences.join(', ')}`)
  }
  const expires_at = verifyTimes(ctx, { exp, iat, nbf })
  // OpenID Connect Core §9: jti is required, and an assertion is used once.
  if (typeof jti !== 'string' || jti === '') throw refusal(`has the jti ${quoted(jti)}, expected a text`)
  if (!(await useJti(ctx, client_id, jti, expires_at))) {
    throw refusal(`has the jti ${shown(jti)} of an earlier assertion, expected a new one`)
  }
}

/** Returns exp. RFC 7523 §3: exp is required and in the future; iat and nbf are optional and in the past. */
function verifyTimes(ctx: Context, { exp, iat, nbf }: Readonly<Record<'exp' | 'iat' | 'nbf', unknown>>): number {
  const { now } = ctx
  if (typeof exp !== 'number') throw refusal(`has the exp ${quoted(exp)}, expected a number`)
  if (exp <= now) throw refusal(`expired ${describeTime(exp, now)}`)
  for (const [name, time] of Object.entries({ iat, nbf })) {
    if (time === undefined) continue
    if (typeof time !== 'number') throw refusal(`has the ${name} ${quoted(time)}, expected a number`)
    if (time > now + SKEW) {
      throw refusal(`has the ${name} ${time}, ${describeTime(time, now)}, expected a time that is not in the future`)
    }
  }
  // RFC 7523 §3: a provider can refuse an exp that is unreasonably far in the future.
  if (exp > now + LONGEST_LIFETIME + SKEW) {
    const limit = describeTime(now + LONGEST_LIFETIME, now)
    enforce(
      ctx,
      'bounded_assertions',
      refusal(`expires ${describeTime(exp, now)}, expected an exp ${limit}, or earlier`),
    )
  }
  return exp
}

const refusal = (problem: string) => invalidClient(`client_assertion ${problem}`)
const quoted = (value: unknown) => (value === undefined ? 'missing' : shown(JSON.stringify(value)))

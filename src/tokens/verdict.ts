/** The checks of an ID token by a relying party, each with its verdict. OpenID Connect Core §3.1.3.7, §3.2.2.11 and §3.3.2.12. */
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { Client } from '../directory/clients.js'
import { describeTime } from '../duration.js'
import { shown } from '../errors.js'
import { VALUES } from '../generated/values.js'
import { type DecodedToken, decodeTokens } from '../journal/decoded_token.js'
import type { Check } from '../store/self_login.js'
import { hashOf } from './id_token.js'

/** The facts that the relying party knows about the login. */
export interface Expected {
  readonly client: Client
  readonly issuer: string
  /** The published keys, or the reason why they cannot be read. */
  readonly jwks: JSONWebKeySet | string
  readonly nonce: string
  readonly state: string
  /** Time of the issuer in seconds since the epoch. */
  readonly now: number
  /** The access token and the code that came with the ID token from the authorization endpoint, which it has to name. */
  readonly front?: { readonly access_token?: string | undefined; readonly code?: string | undefined }
  /** The access token of the token response, which the ID token can name. */
  readonly access_token?: string | undefined
}

/** Seconds for which an ID token without use is not suspicious. OpenID Connect Core §3.1.3.7: `iat` too far away. */
const OLDEST = 600

const check = (name: string, passed: boolean, text: string): Check => ({ name, passed, text })

/** Checks an ID token. An encrypted one is not readable, since the client has the key. */
export async function checkIdToken(id_token: string, expected: Expected): Promise<Check[]> {
  const [decoded] = decodeTokens({ id_token })
  if (decoded === undefined) return [check('format', false, 'it is no JWT with a readable header and payload')]
  const { header, payload } = decoded
  if (payload === undefined) {
    const alg = shown(String(header.alg))
    return [check('format', false, `it is encrypted by ${alg} for a key of the client, which only the client can read`)]
  }
  return [
    await checkSignature(id_token, decoded, expected),
    equal('iss', payload.iss, expected.issuer),
    checkAudience(payload, expected.client.client_id),
    checkExpiry(payload, expected.now),
    checkIssuedAt(payload, expected.now),
    equal('nonce', payload.nonce, expected.nonce),
    check('sub', isText(payload.sub), describe(payload.sub, 'the subject of the end-user')),
    ...checkHashes(decoded, expected),
  ]
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''

const describe = (value: unknown, wanted: string) =>
  value === undefined ? `is missing, expected ${wanted}` : `is ${shown(textOf(value))}`

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

function equal(name: string, value: unknown, wanted: string): Check {
  if (value === wanted) return check(name, true, `is ${shown(wanted)}`)
  return check(
    name,
    false,
    `${describe(value, shown(wanted))}${value === undefined ? '' : `, expected ${shown(wanted)}`}`,
  )
}

// OpenID Connect Core §3.1.3.7, steps 6 to 8.
async function checkSignature(id_token: string, { header }: DecodedToken, { client, jwks }: Expected): Promise<Check> {
  const { alg, kid } = header
  const about = `alg is ${shown(textOf(alg ?? 'missing'))}, kid is ${shown(textOf(kid ?? 'missing'))}`
  const failed = (reason: string) => check('signature', false, `${about}: ${reason}`)
  const registered = client.id_token_signed_response_alg
  if (registered !== undefined && alg !== registered)
    return failed(`expected ${registered}, the client's id_token_signed_response_alg`)
  if (registered === 'none')
    return check('signature', true, `${about}, as the client's id_token_signed_response_alg says`)
  if (registered === undefined && !VALUES.Alg.some((known) => known === alg))
    return failed(`expected one of ${VALUES.Alg.join(', ')}`)
  if (typeof jwks === 'string') return failed(jwks)
  try {
    // OpenID Connect Core §10.1: the client_secret is the key of an HMAC.
    if (registered?.startsWith('HS')) {
      await compactVerify(id_token, new TextEncoder().encode(client.client_secret))
      return check('signature', true, `${about}: verified with the client_secret`)
    }
    await compactVerify(id_token, createLocalJWKSet(jwks))
    return check('signature', true, `${about}: verified with the key of the JWKS`)
  } catch (error) {
    return failed((error as Error).message)
  }
}

// OpenID Connect Core §3.1.3.7, steps 3 to 5.
function checkAudience({ aud, azp }: Readonly<Record<string, unknown>>, client_id: string): Check {
  const audiences = [aud].flat()
  const passed = audiences.length === 1 && audiences[0] === client_id && (azp === undefined || azp === client_id)
  const found = `${describe(aud, shown(client_id))}${azp === undefined ? '' : `, azp is ${shown(textOf(azp))}`}`
  return check('aud', passed, passed || aud === undefined ? found : `${found}, expected only ${shown(client_id)}`)
}

// OpenID Connect Core §3.1.3.7, step 9.
function checkExpiry({ exp }: Readonly<Record<string, unknown>>, now: number): Check {
  if (typeof exp !== 'number') return check('exp', false, describe(exp, 'the time of expiry in seconds'))
  const text = `is ${exp}, ${describeTime(exp, now)}`
  return exp > now ? check('exp', true, text) : check('exp', false, `${text}: the token has expired`)
}

// OpenID Connect Core §3.1.3.7, step 10. RFC 7519 §4.1.5: nbf.
function checkIssuedAt({ iat, nbf }: Readonly<Record<string, unknown>>, now: number): Check {
  if (typeof iat !== 'number') return check('iat', false, describe(iat, 'the time of issue in seconds'))
  if (typeof nbf === 'number' && nbf > now)
    return check('iat', false, `nbf is ${nbf}, ${describeTime(nbf, now)}: the token is not valid yet`)
  const text = `is ${iat}, ${describeTime(iat, now)}`
  const age = now - iat
  if (age >= 0 && age <= OLDEST) return check('iat', true, text)
  return check('iat', false, `${text}, expected at most ${OLDEST / 60} minutes ago`)
}

// OpenID Connect Core §3.1.3.6, §3.2.2.10 and §3.3.2.11.
function checkHashes({ header, payload = {} }: DecodedToken, { front, access_token, state }: Expected): Check[] {
  const known = VALUES.ResponseAlg.find((alg) => alg === header.alg)
  if (known === undefined) return []
  const hashes: [name: string, value: string | undefined, required: boolean][] = [
    ['at_hash', front?.access_token ?? access_token, front?.access_token !== undefined],
    ['c_hash', front?.code, front?.code !== undefined],
    ['s_hash', state, false],
  ]
  return hashes.flatMap(([name, value, required]) => {
    const hash = hashOf(value, known)
    if (hash === undefined || (payload[name] === undefined && !required)) return []
    return [equal(name, payload[name], hash)]
  })
}

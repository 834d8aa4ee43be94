/** What every answer of the provider is checked for, whatever a test is about. */
import { createHash } from 'node:crypto'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import type { Test } from 'tap'
import { CLAIMS, type World } from './world.js'

export type Values = Readonly<Record<string, unknown>>

/** Bits, by the frequencies of the characters: what is the least that a random text has. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const shares = [...counts.values()].map((count) => count / text.length)
  return shares.reduce((sum, share) => sum - share * Math.log2(share), 0) * text.length
}

/** RFC 6749 §10.10 and appendix A: hard to guess, and of legal characters. */
export function verifyToken(t: Test, token: unknown, name: string, { length = 22 } = {}): void {
  t.match(token, /^[\x20-\x7e]+$/, `${name} has legal characters`)
  t.ok(String(token).length >= length, `${name} has room for 128 bits`)
  t.ok(entropyOf(String(token)) >= 96, `${name} has an entropy of 96 bits`)
}

/** RFC 7518 §6: what only private and symmetric keys have. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** RFC 7517 §5: only public keys, each usable and with a kid of its own. */
export async function readJwks(t: Test, { metadata, fetch }: World): Promise<JSONWebKeySet> {
  const jwks = (await (await fetch(String(metadata.jwks_uri))).json()) as JSONWebKeySet
  const kids = jwks.keys.map(({ kid }) => kid)
  t.ok(kids.length > 0 && kids.every((kid) => typeof kid === 'string' && kid !== ''), 'each key has a kid')
  t.equal(new Set(kids).size, kids.length, 'no two keys have the same kid')
  const secrets = jwks.keys.flatMap((jwk) => Object.keys(jwk).filter((name) => PRIVATE.includes(name)))
  t.strictSame(secrets, [], 'all of them are public')
  await t.resolves(Promise.all(jwks.keys.map((jwk) => importJWK(jwk, jwk.alg))), 'each can be used')
  return jwks
}

/** RFC 6749 §4.1.2.1, §5.2: the members of a refusal, and the characters in them. */
export function verifyRefusal(t: Test, refusal: Values, errors: readonly string[], more: readonly string[] = []): void {
  t.ok(
    errors.includes(String(refusal.error)),
    `error is ${refusal.error}, expected one of ${errors.join(', ')}: ${refusal.error_description}`,
  )
  const known = ['error', 'error_description', 'error_uri', ...more]
  t.strictSame(
    Object.keys(refusal).filter((name) => !known.includes(name)),
    [],
    'no other members',
  )
  const { error_description, error_uri } = refusal
  if (error_description !== undefined)
    t.match(error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'legal characters')
  if (error_uri !== undefined) t.ok(URL.canParse(String(error_uri)), 'error_uri is a URI')
}

/** A refusal of the back channel. */
export async function verifyJsonRefusal(
  t: Test,
  answer: Response,
  errors: readonly string[],
  status = [400],
): Promise<void> {
  t.ok(status.includes(answer.status), `status ${answer.status}, expected ${status.join(' or ')}`)
  t.match(answer.headers.get('content-type'), /^application\/json\b/)
  verifyRefusal(t, (await answer.json()) as Values, errors)
}

const ONE_YEAR = 31_536_000

/** RFC 6749 §5.1. */
export function verifyTokenMembers(t: Test, { access_token, token_type, expires_in, refresh_token }: Values): void {
  verifyToken(t, access_token, 'access_token')
  t.match(token_type, /^Bearer$/i)
  t.ok(Number.isInteger(expires_in), 'expires_in is a number')
  t.ok(Number(expires_in) > 0 && Number(expires_in) <= ONE_YEAR, 'expires_in is positive and a year at most')
  if (refresh_token !== undefined) verifyToken(t, refresh_token, 'refresh_token')
}

/** OpenID Connect Core §2 and §3.1.3.7: what a client verifies of an ID token, and what certification does besides. */
export async function verifyIdToken(
  t: Test,
  world: World,
  jwt: string,
  expected: { client_id: string; nonce?: string | undefined; alg?: string | undefined },
): Promise<JWTPayload> {
  const { alg = 'RS256', client_id, nonce } = expected
  const now = world.now()
  const header = decodeProtectedHeader(jwt)
  t.equal(header.alg, alg, `alg is ${alg}`)
  const payload = alg === 'none' ? decodeJwt(jwt) : await verifySignature(t, world, jwt)
  t.equal(payload.iss, world.issuer, 'iss is the issuer')
  t.ok([payload.aud].flat().includes(client_id), 'aud has the client')
  if (payload.azp !== undefined) t.equal(payload.azp, client_id, 'azp is the client')
  t.ok(payload.exp! > now && payload.exp! < now + 50 * ONE_YEAR, 'exp is ahead')
  t.ok(Math.abs(payload.iat! - now) < 300, 'iat is now')
  t.equal(payload.nonce, nonce, 'nonce is that of the request')
  t.match(payload.sub, /^[\x21-\x7e]{1,255}$/, 'sub')
  const { auth_time, acr } = payload
  if (auth_time !== undefined)
    t.ok(Number.isInteger(auth_time) && Number(auth_time) <= now + 300, 'auth_time is a time')
  if (acr !== undefined) t.ok(typeof acr === 'string' && acr !== '', 'acr is a text')
  verifyClaims(t, payload)
  return payload
}

/** One published key fits, by kid, kty, alg and use, and with it the signature is right. */
export async function verifySignature(t: Test, world: World, jwt: string): Promise<JWTPayload> {
  const { kid, alg } = decodeProtectedHeader(jwt)
  const jwks = await readJwks(t, world)
  const fitting = jwks.keys.filter((key) => key.kid === kid && key.alg === alg && key.use === 'sig')
  t.equal(fitting.length, 1, `one key with kid ${kid}, alg ${alg} and use sig`)
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(jwks), { currentDate: new Date(world.now() * 1000) })
  return payload
}

const BOOLEANS = ['email_verified', 'phone_number_verified']

/** OpenID Connect Core §5.1: the types of the standard claims; none is null or empty. */
export function verifyClaims(t: Test, claims: Values): void {
  for (const [name, value] of Object.entries(claims)) {
    t.ok(value !== null && value !== '' && value !== 'null', `${name} says something`)
    if (!Object.hasOwn(CLAIMS, name)) continue
    if (BOOLEANS.includes(name)) t.type(value, 'boolean', `${name} is a boolean`)
    else if (name === 'updated_at') t.ok(Number.isInteger(value) && Number(value) > 1e9 && Number(value) < 1e11, name)
    else if (name === 'address') t.ok(typeof value === 'object' && !Array.isArray(value), 'address is an object')
    else t.ok(typeof value === 'string' && value.trim() !== '', `${name} is a text that is not blank`)
  }
  if (claims.birthdate !== undefined) t.match(claims.birthdate, /^\d{4}(-\d{2}-\d{2})?$/, 'birthdate')
}

/** OpenID Connect Core §3.1.3.6: the left half of the hash, which is SHA-256 for RS256. */
export function leftHash(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
}

/** Checks that apply to every response of the provider. */
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

/** Returns a lower bound of the entropy of a text, in bits, by the frequencies of its characters. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const shares = [...counts.values()].map((count) => count / text.length)
  return shares.reduce((sum, share) => sum - share * Math.log2(share), 0) * text.length
}

/** Checks that all rules hold and names those that do not. */
export function verifyAll(t: Test, subject: string, rules: Readonly<Record<string, boolean>>): void {
  const broken = Object.keys(rules).filter((rule) => !rules[rule])
  t.strictSame(broken, [], `${subject}: no violation`)
}

/** RFC 6749 §10.10 and appendix A: checks that a token is hard to guess and has legal characters only. */
export function verifyToken(t: Test, token: unknown, name: string): void {
  const text = String(token)
  verifyAll(t, name, {
    'legal characters': typeof token === 'string' && /^[\x20-\x7e]+$/.test(text),
    'room for 128 bits': text.length >= 22,
    'an entropy of 96 bits': entropyOf(text) >= 96,
  })
}

/** RFC 7518 §6: members of private and symmetric keys. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** RFC 7517 §5: checks that all keys are public and usable and have unique kids. */
export async function readJwks(t: Test, { metadata, fetch }: World): Promise<JSONWebKeySet> {
  const jwks = (await (await fetch(String(metadata.jwks_uri))).json()) as JSONWebKeySet
  const kids = jwks.keys.map(({ kid }) => kid)
  verifyAll(t, 'JWKS', {
    'each key has a kid': kids.length > 0 && kids.every((kid) => typeof kid === 'string' && kid !== ''),
    'no two keys have the same kid': new Set(kids).size === kids.length,
    'all of them are public': jwks.keys.every((jwk) => !Object.keys(jwk).some((name) => PRIVATE.includes(name))),
  })
  await t.resolves(Promise.all(jwks.keys.map((jwk) => importJWK(jwk, jwk.alg))), 'each key can be imported')
  return jwks
}

/** RFC 6749 §4.1.2.1, §5.2: checks the members of an error response and their characters. */
export function verifyRefusal(t: Test, refusal: Values, errors: readonly string[], more: readonly string[] = []): void {
  const { error, error_description, error_uri } = refusal
  const known = ['error', 'error_description', 'error_uri', ...more]
  const legal = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/
  verifyAll(t, `the refusal ${error} (${error_description})`, {
    [`error is one of ${errors.join(', ')}`]: errors.includes(String(error)),
    'no other members': Object.keys(refusal).every((name) => known.includes(name)),
    'legal characters': error_description === undefined || legal.test(String(error_description)),
    'error_uri is a URI': error_uri === undefined || URL.canParse(String(error_uri)),
  })
}

/** Checks an error response of the back channel. */
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

/** Checks the members of a token response by RFC 6749 §5.1. */
export function verifyTokenMembers(t: Test, { access_token, token_type, expires_in, refresh_token }: Values): void {
  verifyToken(t, access_token, 'access_token')
  verifyAll(t, 'the token response', {
    'token_type is Bearer': /^Bearer$/i.test(String(token_type)),
    'expires_in is a number': Number.isInteger(expires_in),
    'expires_in is positive and a year at most': Number(expires_in) > 0 && Number(expires_in) <= ONE_YEAR,
  })
  if (refresh_token !== undefined) verifyToken(t, refresh_token, 'refresh_token')
}

/** OpenID Connect Core §2 and §3.1.3.7: verifies an ID token as clients and the certification do. */
export async function verifyIdToken(
  t: Test,
  world: World,
  jwt: string,
  expected: { client_id: string; nonce?: string | undefined; alg?: string | undefined },
): Promise<JWTPayload> {
  const { alg = 'RS256', client_id, nonce } = expected
  const now = world.now()
  const payload = alg === 'none' ? decodeJwt(jwt) : await verifySignature(t, world, jwt)
  const { iss, sub, aud, azp, exp = 0, iat = 0, auth_time, acr } = payload
  verifyAll(t, 'the ID token', {
    [`alg is ${alg}`]: decodeProtectedHeader(jwt).alg === alg,
    'iss is the issuer': iss === world.issuer,
    'aud has the client': [aud].flat().includes(client_id),
    'azp is the client': azp === undefined || azp === client_id,
    'exp is ahead': exp > now && exp < now + 50 * ONE_YEAR,
    'iat is now': Math.abs(iat - now) < 300,
    'nonce is that of the request': payload.nonce === nonce,
    'sub is one': /^[\x21-\x7e]{1,255}$/.test(String(sub)),
    'auth_time is a time': auth_time === undefined || (Number.isInteger(auth_time) && Number(auth_time) <= now + 300),
    'acr is a text': acr === undefined || (typeof acr === 'string' && acr !== ''),
  })
  verifyClaims(t, payload)
  return payload
}

/** Checks that one published key fits by kid, kty, alg and use, and verifies the signature with it. */
export async function verifySignature(t: Test, world: World, jwt: string): Promise<JWTPayload> {
  const { kid, alg } = decodeProtectedHeader(jwt)
  const jwks = await readJwks(t, world)
  const fitting = jwks.keys.filter((key) => key.kid === kid && key.alg === alg && key.use === 'sig')
  t.equal(fitting.length, 1, `one key with kid ${kid}, alg ${alg} and use sig`)
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(jwks), { currentDate: new Date(world.now() * 1000) })
  return payload
}

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== ''
const isBoolean = (value: unknown) => typeof value === 'boolean'

/** Types of the claims that are not text. */
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  email_verified: isBoolean,
  phone_number_verified: isBoolean,
  updated_at: (value) => Number.isInteger(value) && Number(value) > 1e9 && Number(value) < 1e11,
  address: (value) => typeof value === 'object' && !Array.isArray(value),
  birthdate: (value) => /^\d{4}(-\d{2}-\d{2})?$/.test(String(value)),
}

/** OpenID Connect Core §5.1: checks the types of the standard claims, of which none is null or empty. */
export function verifyClaims(t: Test, claims: Values): void {
  const rules = Object.entries(claims).map(([name, value]): [string, boolean] => {
    const fits = Object.hasOwn(CLAIMS, name) ? (TYPES[name] ?? isText) : () => true
    return [name, value !== null && value !== '' && value !== 'null' && fits(value)]
  })
  verifyAll(t, 'the claims', Object.fromEntries(rules))
}

/** OpenID Connect Core §3.1.3.6: returns the left half of the hash, which is SHA-256 for RS256. */
export function leftHash(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
}

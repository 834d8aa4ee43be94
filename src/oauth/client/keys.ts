/** What a client signed is verified with its keys, and what is encrypted to it with others. OpenID Connect Core §10. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import {
  type CompactJWSHeaderParameters,
  compactVerify,
  decodeProtectedHeader,
  type ProtectedHeaderParameters,
} from 'jose'
import { type ClientJwk, importKey } from '../../clients/keys.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { shown } from '../../errors.js'
import type { ContentEncryption, KeyManagementAlg } from '../../generated/types.js'
import { type ClientJwks, isFor, searchJwks } from './jwks.js'

/** A JWT of a client whose signature is good. Nothing else about it has been looked at. */
export interface VerifiedJwt {
  readonly header: CompactJWSHeaderParameters
  readonly payload: Readonly<Record<string, unknown>>
}

/** What is encrypted to. */
export interface EncryptionTarget {
  readonly key: KeyObject
  readonly kid?: string
}

/** How many keys are tried for one signature. */
const MOST_TRIED = 10

/**
 * What a JWT says of how it is protected, before anything has vouched for it.
 * @throws an Error whose message goes on after the name of the parameter that had the JWT.
 */
export function readHeader(jwt: string): ProtectedHeaderParameters {
  const header = decodeHeader(jwt)
  // RFC 7515 §4.1.1 and §4.1.4, RFC 7516 §4.1.2: each is a text.
  for (const name of ['alg', 'enc', 'kid'] as const) {
    if (!['string', 'undefined'].includes(typeof header[name])) {
      throw new Error(`is no JWT: the ${name} in its header is no text`)
    }
  }
  return header
}

function decodeHeader(jwt: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(jwt)
  } catch {
    throw new Error('is no JWT: its header is no JSON object in base64url')
  }
}

/**
 * Verifies the signature of a JWT that a client made: by its client_secret, or by the keys of its jwks or jwks_uri.
 * @throws an Error whose message goes on after the name of the parameter that had the JWT.
 */
export async function verifyClientJwt(
  ctx: Context,
  client: Client,
  jwt: string,
  algs: readonly string[],
): Promise<VerifiedJwt> {
  const { alg = 'missing', kid, crit } = readHeader(jwt)
  if (!algs.includes(alg)) throw new Error(`has the alg ${shown(alg)}, expected one of ${algs.join(', ')}`)
  // RFC 7515 §4.1.11: an extension that isn't understood makes the JWS invalid; this provider understands none.
  if (crit !== undefined) throw new Error('has crit in its header, but no extension of JWS is known here')
  if (alg.startsWith('HS')) {
    const verified = await verifyWith(createSecretKey(secretOf(client), 'utf8'), jwt)
    if (verified === undefined) throw new Error(`has a signature that is not of the client_secret by ${alg}`)
    return verified
  }
  const { found, jwks } = await searchJwks(ctx, client, (list) => verifyWithAny(list, jwt, alg, kid))
  if (found === undefined) throw new Error(describeFailure(jwks, alg, kid))
  return found
}

/**
 * What to encrypt to the client with.
 * @param enc decides about the size of the key where `alg` is `dir`.
 * @throws an Error whose message goes on after the name of what is encrypted, where the client has no such key.
 */
export async function requireEncryptionKey(
  ctx: Context,
  client: Client,
  alg: KeyManagementAlg,
  enc: ContentEncryption,
): Promise<EncryptionTarget> {
  const bits = SYMMETRIC[alg === 'dir' ? enc : alg]
  if (bits !== undefined) return { key: secretKey(client, bits) }
  const { found, jwks } = await searchJwks(ctx, client, async (list) => findTarget(list, alg))
  if (found === undefined) throw new Error(`needs a key for ${alg}, but ${jwks.source} has none`)
  return found
}

/** Whether a public key is one of the client's. */
export async function hasClientKey(ctx: Context, client: Client, key: KeyObject): Promise<boolean> {
  const { found } = await searchJwks(ctx, client, async (list) => list.find((jwk) => importKey(jwk)?.equals(key)))
  return found !== undefined
}

/** The bits of the keys that a client_secret makes: for each algorithm, and for `dir` of each content encryption. */
const SYMMETRIC: Partial<Record<KeyManagementAlg | ContentEncryption, number>> = {
  A128KW: 128,
  A192KW: 192,
  A256KW: 256,
  A128GCM: 128,
  A192GCM: 192,
  A256GCM: 256,
  'A128CBC-HS256': 256,
  'A192CBC-HS384': 384,
  'A256CBC-HS512': 512,
}

/** OpenID Connect Core §10.2: the left bits of the secret's SHA-2 hash, the shortest that has enough of them. */
function secretKey(client: Client, bits: number): KeyObject {
  const size = [256, 384, 512].find((one) => one >= bits)
  const hash = createHash(`sha${size}`).update(secretOf(client), 'utf8').digest()
  return createSecretKey(hash.subarray(0, bits / 8))
}

function secretOf({ client_id, client_secret }: Client): string {
  if (client_secret === undefined) throw new Error(`needs a client_secret, but client ${shown(client_id)} has none`)
  return client_secret
}

async function verifyWithAny(list: readonly ClientJwk[], jwt: string, alg: string, kid: string | undefined) {
  const fitting = list.filter((jwk) => isFor(jwk, alg, 'sig') && mayBe(jwk, kid)).slice(0, MOST_TRIED)
  for (const jwk of fitting) {
    const key = importKey(jwk)
    const verified = key && (await verifyWith(key, jwt))
    if (verified !== undefined) return verified
  }
  return undefined
}

/** RFC 7515 §4.1.4: the kid says which key was used; a key without one isn't ruled out. */
const mayBe = (jwk: ClientJwk, kid: string | undefined) => kid === undefined || (jwk.kid ?? kid) === kid

/** Undefined where the signature is another's, or the key is too weak to count. */
async function verifyWith(key: KeyObject, jwt: string): Promise<VerifiedJwt | undefined> {
  const verified = await compactVerify(jwt, key).catch(() => undefined)
  if (verified === undefined) return undefined
  // RFC 7519 §7.2: the claims set is a JSON object.
  const payload = parseObject(new TextDecoder().decode(verified.payload))
  if (payload === undefined) throw new Error('is no JWT: its payload is no JSON object')
  return { header: verified.protectedHeader, payload }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function findTarget(list: readonly ClientJwk[], alg: string): EncryptionTarget | undefined {
  for (const jwk of list.filter((one) => isFor(one, alg, 'enc'))) {
    const key = importKey(jwk)
    if (key !== undefined) return { key, ...(typeof jwk.kid === 'string' && { kid: jwk.kid }) }
  }
  return undefined
}

function describeFailure({ list, source }: ClientJwks, alg: string, kid: string | undefined): string {
  const fitting = list.filter((jwk) => isFor(jwk, alg, 'sig'))
  if (fitting.length === 0) return `is signed by ${alg}, but ${source} has no key for that`
  if (kid !== undefined && !fitting.some((jwk) => mayBe(jwk, kid))) {
    return `is signed with kid ${shown(kid)}, which no key for ${alg} in ${source} has`
  }
  return `has a signature that no key in ${source} verifies`
}

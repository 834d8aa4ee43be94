/** Signatures of a client and encryption to a client, by its keys or its client_secret. OpenID Connect Core §10. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { type CompactJWSHeaderParameters, compactVerify } from 'jose'
import { type ClientJwk, importKey } from '../../clients/keys.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { shown } from '../../errors.js'
import type { ContentEncryption, KeyManagementAlg } from '../../generated/types.js'
import { parseClaims, readHeader } from '../jwt_parts.js'
import { type ClientJwks, isFor, searchJwks } from './jwks.js'

/** A JWT of a client with a valid signature. Its claims are not checked. */
export interface VerifiedJwt {
  readonly header: CompactJWSHeaderParameters
  readonly payload: Readonly<Record<string, unknown>>
}

/** The key that a JWE is encrypted to. */
export interface EncryptionTarget {
  readonly key: KeyObject
  readonly kid?: string
}

/** Number of keys that are tried for one signature. */
const MAX_TRIED = 10

/**
 * Verifies the signature of a client's JWT by its client_secret or by the keys of its jwks or jwks_uri.
 * @throws an Error whose message continues a sentence that begins with the name of the parameter.
 */
export async function verifyClientJwt(
  ctx: Context,
  client: Client,
  jwt: string,
  algs: readonly string[],
): Promise<VerifiedJwt> {
  const { alg = 'missing', kid, crit } = readHeader(jwt)
  if (!algs.includes(alg)) throw new Error(`has the alg ${shown(alg)}, expected one of ${algs.join(', ')}`)
  // RFC 7515 §4.1.11: a JWS with an unsupported extension is invalid. This provider supports none.
  if (crit !== undefined) throw new Error('has crit in its header, expected a JWS without extensions')
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
 * Returns the key to encrypt to the client with.
 * @param enc decides the size of the key if `alg` is `dir`.
 * @throws an Error if the client has no such key. Its message continues a sentence that begins with the JWT's name.
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

/** Tells whether a public key is one of the client's. */
export async function hasClientKey(ctx: Context, client: Client, key: KeyObject): Promise<boolean> {
  const { found } = await searchJwks(ctx, client, async (list) => list.find((jwk) => importKey(jwk)?.equals(key)))
  return found !== undefined
}

/** Size in bits of the key that is derived from a client_secret, by algorithm, and for `dir` by content encryption. */
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

/** Derives a key from the client_secret: the left bits of the shortest SHA-2 hash that has enough. OpenID Connect Core §10.2. */
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
  const fitting = list.filter((jwk) => isFor(jwk, alg, 'sig') && mayBe(jwk, kid)).slice(0, MAX_TRIED)
  for (const jwk of fitting) {
    const key = importKey(jwk)
    const verified = key && (await verifyWith(key, jwt))
    if (verified !== undefined) return verified
  }
  return undefined
}

/** Tells whether a key can have the kid of a JWS. A key without a kid can have any. RFC 7515 §4.1.4. */
const mayBe = (jwk: ClientJwk, kid: string | undefined) => kid === undefined || (jwk.kid ?? kid) === kid

/** Returns undefined if the signature is not by the key, or the key is too short for the algorithm. */
async function verifyWith(key: KeyObject, jwt: string): Promise<VerifiedJwt | undefined> {
  const verified = await compactVerify(jwt, key).catch(() => undefined)
  if (verified === undefined) return undefined
  // RFC 7519 §7.2: the claims set is a JSON object.
  return { header: verified.protectedHeader, payload: parseClaims(new TextDecoder().decode(verified.payload)) }
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

/** The JWKS of a client, registered by value or fetched. RFC 7517 §4 and §5, OpenID Connect Core §10.1.1. */
import { type ClientJwk, expectJwks, pruneKeys } from '../../clients/keys.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { shown, shownUrl } from '../../errors.js'
import { readDocument, readJson } from '../document.js'

/** The client's keys that were searched. */
export interface ClientJwks {
  readonly list: readonly ClientJwk[]
  /** Name of the source in messages. */
  readonly source: string
  /** Whether the keys are cached, so that the client can have newer ones. */
  readonly cached: boolean
}

/** Lifetime of a fetched JWK Set in the cache, in seconds. */
const LIFETIME = 300

/** Content types of a JWK Set: that of RFC 7517 §8.5.2, and that of any JSON, which most servers send. */
const TYPES = ['application/jwk-set+json', 'application/json']

/** The kty, with the crv of an elliptic curve, that each algorithm needs. RFC 7518 §6.1, RFC 8037 §2. */
const KINDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(RS|PS)\d|^RSA-/, ['RSA']],
  [/^ES256$/, ['EC P-256']],
  [/^ES384$/, ['EC P-384']],
  [/^ES512$/, ['EC P-521']],
  [/^EdDSA$/, ['OKP Ed25519']],
  [/^ECDH-ES/, ['EC P-256', 'EC P-384', 'EC P-521', 'OKP X25519']],
]

/**
 * Searches the client's keys. OpenID Connect Core §10.1.1: a missing key can be the result of a rotation, so a cached
 * JWK Set is fetched again, once.
 * @throws an Error if the client has no keys. Its message continues a sentence that begins with the use of the keys.
 */
export async function searchJwks<T>(
  ctx: Context,
  client: Client,
  find: (list: readonly ClientJwk[]) => Promise<T | undefined>,
): Promise<{ readonly found: T | undefined; readonly jwks: ClientJwks }> {
  const jwks = await findJwks(ctx, client)
  const found = await find(jwks.list)
  if (found !== undefined || !jwks.cached) return { found, jwks }
  const fetched = await findJwks(ctx, client, true)
  return { found: await find(fetched.list), jwks: fetched }
}

/** Tells whether kty, crv, and use and alg if present, fit an algorithm. RFC 7517 §4.1 to §4.4. */
export function isFor(jwk: ClientJwk, alg: string, use: 'sig' | 'enc'): boolean {
  const kind = jwk.kty === 'RSA' ? 'RSA' : `${jwk.kty} ${jwk.crv}`
  const [, kinds] = KINDS.find(([pattern]) => pattern.test(alg))!
  return kinds.includes(kind) && (jwk.use ?? use) === use && (jwk.alg ?? alg) === alg
}

async function findJwks(ctx: Context, { client_id, jwks, jwks_uri }: Client, again = false): Promise<ClientJwks> {
  if (jwks !== undefined) return { list: jwks.keys, source: 'jwks', cached: false }
  if (jwks_uri === undefined) {
    throw new Error(`needs a key, but client ${shown(client_id)} has neither jwks nor jwks_uri; register one of them`)
  }
  const source = `jwks_uri ${shownUrl(jwks_uri)}`
  const name = `jwks ${jwks_uri}`
  const cached = again ? undefined : await ctx.store.documents.get(name)
  if (cached !== undefined && cached.expires_at > ctx.now) {
    return { list: JSON.parse(cached.body), source, cached: true }
  }
  try {
    const list = await readDocument(ctx, { member: 'jwks_uri', url: jwks_uri, types: TYPES, parse: parseJwks })
    await ctx.store.documents.put(name, { body: JSON.stringify(list), expires_at: ctx.now + LIFETIME })
    return { list, source, cached: false }
  } catch (error) {
    throw new Error(`needs the client's keys, but ${(error as Error).message}`)
  }
}

function parseJwks(text: string): readonly ClientJwk[] {
  const document = readJson(text)
  const expected = expectJwks(document)
  if (expected !== undefined) throw new Error(`returned other JSON, expected ${expected}`)
  return pruneKeys((document as { readonly keys: readonly ClientJwk[] }).keys)
}

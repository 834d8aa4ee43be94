/** The JWKS of a client, registered by value or fetched. RFC 7517 §4 and §5, OpenID Connect Core §10.1.1. */
import { type ClientJwk, expectJwks } from '../../clients/keys.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { shown } from '../../errors.js'
import { getDocument } from '../../outbound.js'

/** The keys that a search came to. */
export interface ClientJwks {
  readonly list: readonly ClientJwk[]
  /** What a sentence calls them. */
  readonly source: string
  /** Whether they were fetched earlier, so that there may be newer ones. */
  readonly kept: boolean
}

/** How long a fetched JWKS counts, in seconds; what isn't in it is looked for anew all the same. */
const KEPT = 300

/** RFC 7517 §8.5.2; most servers send what any JSON has. */
const TYPES = ['application/jwk-set+json', 'application/json']

/** RFC 7518 §6.1, RFC 8037 §2: the kty, and where it matters the crv, that an algorithm works with. */
const KINDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(RS|PS)\d|^RSA-/, ['RSA']],
  [/^ES256$/, ['EC P-256']],
  [/^ES384$/, ['EC P-384']],
  [/^ES512$/, ['EC P-521']],
  [/^EdDSA$/, ['OKP Ed25519']],
  [/^ECDH-ES/, ['EC P-256', 'EC P-384', 'EC P-521', 'OKP X25519']],
]

/**
 * Looks for something in the client's keys. OpenID Connect Core §10.1.1: what isn't there may have come with a rotation,
 * so a JWKS that was kept is fetched anew, once.
 * @throws an Error whose message goes on after the name of what needs the keys, where there are none to look in.
 */
export async function searchJwks<T>(
  ctx: Context,
  client: Client,
  look: (list: readonly ClientJwk[]) => Promise<T | undefined>,
): Promise<{ readonly found: T | undefined; readonly jwks: ClientJwks }> {
  const jwks = await findJwks(ctx, client)
  const found = await look(jwks.list)
  if (found !== undefined || !jwks.kept) return { found, jwks }
  const anew = await findJwks(ctx, client, true)
  return { found: await look(anew.list), jwks: anew }
}

/** RFC 7517 §4.1 to §4.4: the key is of the right kind, and nothing in it says that it is for something else. */
export function isFor(jwk: ClientJwk, alg: string, use: 'sig' | 'enc'): boolean {
  const kind = jwk.kty === 'RSA' ? 'RSA' : `${jwk.kty} ${jwk.crv}`
  const [, kinds] = KINDS.find(([pattern]) => pattern.test(alg))!
  return kinds.includes(kind) && (jwk.use ?? use) === use && (jwk.alg ?? alg) === alg
}

async function findJwks(ctx: Context, { client_id, jwks, jwks_uri }: Client, anew = false): Promise<ClientJwks> {
  if (jwks !== undefined) return { list: jwks.keys, source: 'jwks', kept: false }
  if (jwks_uri === undefined) {
    throw new Error(`needs a key, but client ${shown(client_id)} has neither jwks nor jwks_uri; register one of them`)
  }
  const source = `jwks_uri ${shown(jwks_uri)}`
  const name = `jwks ${jwks_uri}`
  const kept = anew ? undefined : await ctx.store.documents.get(name)
  if (kept !== undefined && kept.expires_at > ctx.now) {
    return { list: JSON.parse(kept.body), source, kept: true }
  }
  try {
    const list = await fetchJwks(ctx, jwks_uri)
    await ctx.store.documents.put(name, { body: JSON.stringify(list), expires_at: ctx.now + KEPT })
    return { list, source, kept: false }
  } catch (error) {
    throw new Error(`needs the client's keys, but ${source} ${(error as Error).message}`)
  }
}

async function fetchJwks(ctx: Context, jwks_uri: string): Promise<readonly ClientJwk[]> {
  const { body, type } = await getDocument(ctx.snapshot.outbound, jwks_uri, TYPES.join(', '))
  if (!TYPES.includes(type)) {
    throw new Error(`answered with the content type ${shown(type) || 'missing'}, expected ${TYPES.join(' or ')}`)
  }
  let document: unknown
  try {
    document = JSON.parse(body)
  } catch {
    throw new Error('is not valid JSON')
  }
  const expected = expectJwks(document)
  if (expected !== undefined) throw new Error(`returned other JSON, expected ${expected}`)
  return (document as { readonly keys: readonly ClientJwk[] }).keys
}

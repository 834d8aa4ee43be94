/** JWTs signed and encrypted as the client has registered. OpenID Connect Core §10: https://openid.net/specs/openid-connect-core-1_0.html#SigEnc */
import { CompactEncrypt } from 'jose'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidClientMetadata, shown } from '../errors.js'
import { type Draft, draftJwt } from '../faults/doors/draft.js'
import { type About, changeJwt, type JwtKind } from '../faults/doors/jwt.js'
import type { ContentEncryption, KeyManagementAlg, ResponseAlg } from '../generated/types.js'
import { requireEncryptionKey } from '../oauth/client/keys.js'
import { requireSigningKey, signJwt } from './jwt.js'

/** The content of a JWT for a client. */
export interface JwtContent {
  readonly kind: JwtKind
  /** The user and the scope of the JWT, by which faults are matched. */
  readonly about?: Omit<About, 'client_id'>
  /** The header's `typ`; absent by default. */
  readonly typ?: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** Returns the algorithm that signs JWTs for the client: the registered one if a key for it exists, else the default. */
export async function findAlg(ctx: Context, registered: ResponseAlg | undefined): Promise<ResponseAlg> {
  return registered === 'none' || isSymmetric(registered) ? registered : (await requireSigningKey(ctx, registered)).alg
}

/** Signs a JWT by the algorithm that the client has registered, or by the default algorithm. */
export async function signForClient(
  ctx: Context,
  client: Client,
  alg: ResponseAlg | undefined,
  { kind, about, typ, claims }: JwtContent,
): Promise<string> {
  const unsigned = await draftFor(ctx, client, alg, { typ, claims })
  const { draft } = await changeJwt(ctx, kind, unsigned, { client_id: client.client_id, ...about })
  return signJwt(draft)
}

async function draftFor(
  ctx: Context,
  { client_secret }: Client,
  alg: ResponseAlg | undefined,
  { typ, claims }: Pick<Draft, 'claims'> & { readonly typ: string | undefined },
): Promise<Draft> {
  if (alg === 'none') return { header: { alg }, claims }
  if (!isSymmetric(alg)) return draftJwt(await requireSigningKey(ctx, alg), typ, claims)
  // OpenID Connect Core §10.1: the key is the client_secret in UTF-8; a client with such an algorithm always has one.
  // Departure: RFC 7518 §3.2 requires a key as long as the hash. Shorter secrets, common in tests, are accepted.
  const key = new TextEncoder().encode(client_secret!)
  return { header: { alg, ...(typ !== undefined && { typ }) }, claims, key }
}

/** Encrypts a JWT (`nested`) or claims to the client. OpenID Connect Core §10.2: JWTs are signed first, then encrypted. */
export async function encryptToClient(
  ctx: Context,
  client: Client,
  { alg, enc = 'A128CBC-HS256' }: { alg: KeyManagementAlg; enc?: ContentEncryption | undefined },
  content: { readonly nested: string } | { readonly claims: Readonly<Record<string, unknown>> },
): Promise<string> {
  const refusal = (problem: string) =>
    invalidClientMetadata(`encryption by ${alg} to client ${shown(client.client_id)} ${problem}`)
  const { key, kid } = await requireEncryptionKey(ctx, client, alg, enc).catch((error: Error) => {
    throw refusal(error.message)
  })
  // RFC 7519 §5.2: cty marks a nested JWT.
  const cty = 'nested' in content ? { cty: 'JWT' } : {}
  const text = 'nested' in content ? content.nested : JSON.stringify(content.claims)
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, enc, ...cty, ...(kid !== undefined && { kid }) })
    .encrypt(key)
    .catch((error: Error) => {
      // The key may be unsuitable: RSA with less than 2048 bits (RFC 7518 §4.3), or a point that is not on its curve.
      throw refusal(`failed: ${error.message}`)
    })
}

function isSymmetric(alg: ResponseAlg | undefined): alg is 'HS256' | 'HS384' | 'HS512' {
  return alg?.startsWith('HS') ?? false
}

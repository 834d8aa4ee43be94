/** JWTs as a client wants them: signed, encrypted, or both. OpenID Connect Core §10: https://openid.net/specs/openid-connect-core-1_0.html#SigEnc */
import { CompactEncrypt } from 'jose'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidClientMetadata, shown } from '../errors.js'
import { type Draft, draftJwt } from '../faults/doors/draft.js'
import { type About, changeJwt, type JwtKind } from '../faults/doors/jwt.js'
import type { ContentEncryption, KeyManagementAlg, ResponseAlg } from '../generated/types.js'
import { requireEncryptionKey } from '../oauth/client/keys.js'
import { requireSigningKey, signJwt } from './jwt.js'

/** What a JWT is made of. */
export interface Content {
  readonly kind: JwtKind
  /** Whom it is about, besides the client. */
  readonly about?: Omit<About, 'client_id'>
  /** The header's `typ`; left out, there is none. */
  readonly typ?: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** The algorithm that a client's JWTs are signed by: the one that it registered, if there is still a key for it. */
export async function findAlg(ctx: Context, registered: ResponseAlg | undefined): Promise<ResponseAlg> {
  return registered === 'none' || isSymmetric(registered) ? registered : (await requireSigningKey(ctx, registered)).alg
}

/** Signs by the algorithm that the client registered, or by the default one. */
export async function signForClient(
  ctx: Context,
  client: Client,
  alg: ResponseAlg | undefined,
  { kind, about, typ, claims }: Content,
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
  // OpenID Connect Core §10.1: the key is the client_secret's UTF-8; who registers such an algorithm has one.
  // Departure: RFC 7518 §3.2 has it as long as the hash; a shorter one signs as well, as test set-ups have such.
  const key = new TextEncoder().encode(client_secret!)
  return { header: { alg, ...(typ !== undefined && { typ }) }, claims, key }
}

/** Encrypts a JWT (`nested`) or claims to the client. OpenID Connect Core §10.2: first signed, then encrypted. */
export async function encryptToClient(
  ctx: Context,
  client: Client,
  { alg, enc = 'A128CBC-HS256' }: { alg: KeyManagementAlg; enc?: ContentEncryption | undefined },
  content: { readonly nested: string } | { readonly claims: Readonly<Record<string, unknown>> },
): Promise<string> {
  const refusal = (problem: string) =>
    invalidClientMetadata(`client ${shown(client.client_id)} wants encryption, but ${alg} ${problem}`)
  const { key, kid } = await requireEncryptionKey(ctx, client, alg, enc).catch((error: Error) => {
    throw refusal(error.message)
  })
  // RFC 7519 §5.2: cty is for nested JWTs.
  const cty = 'nested' in content ? { cty: 'JWT' } : {}
  const text = 'nested' in content ? content.nested : JSON.stringify(content.claims)
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, enc, ...cty, ...(kid !== undefined && { kid }) })
    .encrypt(key)
    .catch((error: Error) => {
      // RFC 7518 §4.3 wants 2048 bits; and a point may be none of its curve.
      throw refusal(`does not work with its key: ${error.message}`)
    })
}

function isSymmetric(alg: ResponseAlg | undefined): alg is 'HS256' | 'HS384' | 'HS512' {
  return alg?.startsWith('HS') ?? false
}

/** Signing of JWTs, and verification of the provider's own ID tokens. RFC 7515 and RFC 7519. */
import { CompactSign, createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import type { SigningKey } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import type { Draft } from '../faults/doors/draft.js'
import { selectSigningKey } from '../issuer/keys.js'

/** The header's `typ` of ID tokens. The configuration can give it to access tokens as well. */
export const ID_TOKEN_TYP = 'JWT'

/** Returns the key that signs by this algorithm; default: the default algorithm. */
export async function requireSigningKey(ctx: Context, alg?: string): Promise<SigningKey> {
  return selectSigningKey(ctx.snapshot, await ctx.keys.signing(), alg)
}

/** Signs a draft and applies its fault. */
export async function signJwt({ header, claims, key, spoil = (jwt) => jwt }: Draft): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  if (key !== undefined) return spoil(await new CompactSign(payload).setProtectedHeader(header).sign(key))
  // RFC 7519 §6.1: an empty signature.
  const parts = [JSON.stringify(header), payload, ''].map((part) => Buffer.from(part).toString('base64url'))
  return spoil(parts.join('.'))
}

/** Returns the claims of an ID token signed by this issuer, even if it has expired; undefined for other tokens. */
export async function readOwnIdToken(ctx: Context, token: string): Promise<JWTPayload | undefined> {
  if ((await ctx.store.access_tokens.get(token)) !== undefined) return undefined
  try {
    // OpenID Connect RP-Initiated Logout §2: a hint is accepted after its exp.
    const options = { issuer: ctx.issuer, typ: ID_TOKEN_TYP, clockTolerance: Number.MAX_SAFE_INTEGER }
    const secret = await findSecret(ctx, token)
    if (secret !== undefined) return (await jwtVerify(token, secret, options)).payload
    const keys = await ctx.keys.signing()
    const jwks = createLocalJWKSet({ keys: keys.map((key) => ({ ...key.publicJwk })) })
    return (await jwtVerify(token, jwks, options)).payload
  } catch {
    // Malformed, encrypted, unsigned (OpenID Connect Core §3.1.2.1: the issuer is unverifiable), or of another issuer.
    return undefined
  }
}

/** Returns the secret of the client, which is the first `aud`, if the client's ID tokens are signed by it. OpenID Connect Core §10.1. */
async function findSecret(ctx: Context, token: string): Promise<Uint8Array | undefined> {
  const { alg } = decodeProtectedHeader(token)
  if (!String(alg).startsWith('HS')) return undefined
  const client = await findClient(ctx, String([decodeJwt(token).aud].flat()[0]))
  if (client?.client_secret === undefined || client.id_token_signed_response_alg !== alg) return undefined
  return new TextEncoder().encode(client.client_secret)
}

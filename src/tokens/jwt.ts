/** Signing, and reading back what was signed. RFC 7515 and RFC 7519. */
import { createLocalJWKSet, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { SigningKey } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { defaultAlg } from '../keys.js'

/** The header's `typ` of an ID token; an access token has another. */
export const ID_TOKEN_TYP = 'JWT'

/** The key that signs with this algorithm, or with the default one where none is asked for. */
export async function requireSigningKey(ctx: Context, alg: string = defaultAlg(ctx.snapshot)): Promise<SigningKey> {
  const keys = await ctx.keys()
  // A client may have registered an algorithm whose key a reload has removed since; the default signs then.
  return keys.find((key) => key.alg === alg) ?? requireSigningKey(ctx)
}

/** @param typ the header's `typ`, so that one kind of token can't pass for another (RFC 8725 §3.11). */
export async function signJwt(
  key: SigningKey,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims as JWTPayload).setProtectedHeader({ alg: key.alg, kid: key.kid, typ }).sign(key.privateKey)
}

/** The claims of an ID token that this issuer signed, expired or not; undefined for anything else. */
export async function readOwnIdToken(ctx: Context, token: string): Promise<JWTPayload | undefined> {
  const keys = await ctx.keys()
  const jwks = createLocalJWKSet({ keys: keys.map((key) => ({ ...key.publicJwk })) })
  // OpenID Connect RP-Initiated Logout §2: a hint is good even after its exp.
  const options = { issuer: ctx.issuer, typ: ID_TOKEN_TYP, clockTolerance: Number.MAX_SAFE_INTEGER }
  const verified = await jwtVerify(token, jwks, options).catch(() => undefined)
  return verified?.payload
}

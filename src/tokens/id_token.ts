/** The ID token. OpenID Connect Core §2: https://openid.net/specs/openid-connect-core-1_0.html#IDToken */
import { createHash } from 'node:crypto'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import type { ResponseAlg } from '../generated/types.js'
import { type Claims, type Release, releaseClaims } from '../oauth/claims.js'
import { subjectFor } from '../oauth/subject.js'
import type { Grant } from '../store/records.js'
import type { TokenOverrides } from './access_token.js'
import { referToSources } from './claim_sources.js'
import { encryptToClient, findAlg, signForClient } from './client_jwt.js'
import { ID_TOKEN_TYP } from './jwt.js'
import { provideClaims, without } from './own_claims.js'
import { applyPreset } from './preset_claims.js'

/** The subject of an ID token, and the parts of the response that it hashes. */
export interface IdTokenSubject {
  readonly client: Client
  readonly user: User
  readonly grant: Grant
  readonly scope: string
  readonly nonce: string | undefined
  readonly access_token?: string | undefined
  readonly code?: string | undefined
  readonly state?: string | undefined
  readonly overrides?: TokenOverrides
}

/** Creates a signed, and possibly encrypted, ID token. */
export async function createIdToken(ctx: Context, subject: IdTokenSubject): Promise<string> {
  const { client, user, grant, scope, nonce, access_token, code, state, overrides = {} } = subject
  const has_userinfo = access_token !== undefined || code !== undefined
  const release: Release = { scope, claims: grant.claims, place: 'id_token', has_userinfo }
  const alg = await findAlg(ctx, client.id_token_signed_response_alg)
  const now = ctx.now
  const sub = subjectFor(ctx, client, user.sub)
  const own = without(user.id_token, 'sub', 'aud')
  const provided = {
    ...(await referToSources(ctx, user, release, access_token)),
    ...(grant.acr !== undefined && { acr: grant.acr }),
    iss: ctx.issuer,
    sub,
    ...audienceOf(client, user),
    iat: overrides.issued_at ?? now,
    exp: now + (overrides.expires_in ?? ctx.snapshot.lifetimes.id_token),
    auth_time: grant.auth_time,
    sid: grant.sid,
    // OpenID Connect Core §3.1.3.6, §3.2.2.10 and §3.3.2.11; s_hash: Financial-grade API Security Profile 1.0 Part 2 §5.1.
    at_hash: hashOf(access_token, alg),
    c_hash: hashOf(code, alg),
    s_hash: hashOf(state, alg),
    // OpenID Connect Core §3.1.3.6: the unmodified nonce of the request; absent if the request has none.
    nonce,
  }
  const released = releaseClaims(ctx.snapshot, { ...user, id_token: own }, release)
  const all = provideClaims(ctx, user, 'the ID token', released, provided)
  const shaped = applyPreset(ctx, 'id_token', all, { user, client, sub, scope, sid: grant.sid })
  // The configuration takes precedence over the preset, and the request over both.
  const claims = { ...shaped, ...own, ...(grant.acr !== undefined && { acr: grant.acr }), ...overrides.claims }
  const about = { sub: user.sub, scope }
  const signed = await signForClient(ctx, client, alg, { kind: 'id_token', about, typ: ID_TOKEN_TYP, claims })
  const { id_token_encrypted_response_alg, id_token_encrypted_response_enc: enc } = client
  if (id_token_encrypted_response_alg === undefined) return signed
  return encryptToClient(ctx, client, { alg: id_token_encrypted_response_alg, enc }, { nested: signed })
}

/**
 * Returns the audience: the client, and those of the user's own claims. OpenID Connect Core §2: with several audiences, `azp`
 * says which one the ID token was issued to.
 */
function audienceOf({ client_id }: Client, { id_token: { aud = [] } }: User): Claims {
  const all = [...new Set([client_id, ...[aud].flat()])]
  return all.length === 1 ? { aud: client_id } : { aud: all, azp: client_id }
}

/** Returns the left half of the value's hash, computed by the hash function of `alg`. OpenID Connect Core §3.1.3.6. */
export function hashOf(value: string | undefined, alg: ResponseAlg): string | undefined {
  // The alg none has no hash function.
  if (value === undefined || alg === 'none') return undefined
  // RFC 8032 §5.1: Ed25519 uses SHA-512.
  const hash = alg === 'EdDSA' ? 'sha512' : `sha${alg.slice(2)}`
  // OpenID Connect Core §3.1.3.6: the hash of the ASCII octets. A state can have other characters, encoded as UTF-8.
  const digest = createHash(hash).update(value, 'utf8').digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

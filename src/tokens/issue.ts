/** Composition of token responses. RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3. */

import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { findUser, type User } from '../directory/users.js'
import { invalidGrant, shown } from '../errors.js'
import { signWithRotation } from '../faults/doors/signing_keys.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { createGrant, type StoredGrant } from '../oauth/grant.js'
import { words } from '../oauth/params.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import type { Account, Grant, RefreshToken } from '../store/records.js'
import { createAccessToken } from './access_token.js'
import { createIdToken } from './id_token.js'
import { type IssuedRefreshToken, storeRefreshToken } from './refresh_token.js'

/** A token response. RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** The result of a grant: everything that its tokens are issued from. */
export interface Granted extends StoredGrant {
  readonly client: Client
  /** The end-user of the grant; absent for a grant without one, or if the user no longer exists. */
  readonly user: User | undefined
  readonly scope: string
  /** The resources that the access token is for; empty for the default audience. */
  readonly resource: readonly string[]
  readonly nonce?: string | undefined
  /** The refresh token of the response, or the unchanged one of the request. */
  readonly refresh_token?: IssuedRefreshToken | undefined
  /** The access token that the new one replaces. */
  readonly replaced?: string | undefined
  /** The refresh token that a rotation has used up. */
  readonly rotated?: { readonly token: string; readonly record: RefreshToken }
}

/** Issues the tokens of a token request. */
export async function issueTokens(ctx: Context, granted: Granted): Promise<TokenResponse> {
  const { refresh_token, replaced, rotated } = granted
  try {
    const parts = { token: true, id_token: words(granted.scope).includes('openid') }
    const { access_token, id_token } = await signTokens(ctx, granted, parts)
    if (refresh_token?.known === false) {
      await storeRefreshToken(ctx, granted.grant_id, refresh_token, access_token!)
    }
    if (replaced !== undefined) await ctx.store.access_tokens.delete(replaced)
    return {
      access_token: access_token!,
      token_type: 'Bearer',
      expires_in: ctx.snapshot.lifetimes.access_token,
      scope: granted.scope,
      ...(id_token !== undefined && { id_token }),
      // RFC 6749 §6: the response to a refresh may have the same refresh token.
      ...(refresh_token !== undefined &&
        (!refresh_token.known || ctx.snapshot.preset?.repeats_refresh_token) && { refresh_token: refresh_token.token }),
    }
  } catch (error) {
    // A client that received no tokens, such as while its keys could not be fetched, can repeat the request.
    if (rotated !== undefined)
      await ctx.store.refresh_tokens.update(rotated.token, (record) => record && rotated.record)
    throw error
  }
}

/** Signs the access token and the ID token that a response consists of. */
async function signTokens(
  ctx: Context,
  { client, grant_id, grant, user, scope, resource, nonce }: Granted,
  parts: { readonly token: boolean; readonly id_token: boolean },
  { code, state }: { readonly code?: string | undefined; readonly state?: string | undefined } = {},
) {
  if (user === undefined && grant.sub !== undefined) throw unknownUser(ctx, client, grant.sub)
  return signWithRotation(ctx, aboutOf(grant, scope), async () => {
    const access_token = parts.token
      ? await createAccessToken(ctx, { client, grant_id, grant, user, scope, resource })
      : undefined
    const id_token =
      parts.id_token && user !== undefined
        ? await createIdToken(ctx, { client, user, grant, scope, nonce, access_token, code, state })
        : undefined
    return { access_token, id_token }
  })
}

/** Creates the grant of a login and issues the parts of its response type. OpenID Connect Core §3.3.2.5. */
export async function issueAuthorizationResponse(
  ctx: Context,
  request: AuthorizationRequest,
  { sub, sid, auth_time, acr }: Account,
  state: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { client, scope, claims, resource, nonce } = request
  const parts = RESPONSE_TYPES[request.response_type]
  // OAuth 2.0 Multiple Response Types §4: `none` only requests the end-user's consent.
  if (request.response_type === 'none') return {}
  const user = await findUser(ctx, sub)
  const { grant_id, grant } = await createGrant(ctx, {
    sub,
    client_id: client.client_id,
    scope,
    auth_time,
    sid,
    ...(acr !== undefined && { acr }),
    ...(claims !== undefined && { claims }),
    ...(resource.length > 0 && { resource }),
  })
  const code = parts.code ? await createCode(ctx, request, grant_id) : undefined
  const response: Record<string, string> = code === undefined ? {} : { code }
  if (!parts.token && !parts.id_token) return response
  const granted = { client, grant_id, grant, user, scope, resource, nonce }
  const { access_token, id_token } = await signTokens(ctx, granted, parts, { code, state })
  return {
    ...response,
    // RFC 6749 §4.2.2.
    ...(access_token !== undefined && {
      access_token,
      token_type: 'Bearer',
      expires_in: String(ctx.snapshot.lifetimes.access_token),
      scope,
    }),
    ...(id_token !== undefined && { id_token }),
  }
}

const aboutOf = ({ sub, client_id }: Grant, scope: string) => ({ ...(sub !== undefined && { sub }), client_id, scope })

async function createCode(ctx: Context, request: AuthorizationRequest, grant_id: string): Promise<string> {
  const { client, redirect_uri, nonce, code_challenge } = request
  const code = randomToken()
  await ctx.store.authorization_codes.put(code, {
    grant_id,
    client_id: client.client_id,
    redirect_uri,
    expires_at: ctx.now + ctx.snapshot.lifetimes.authorization_code,
    ...(nonce !== undefined && { nonce }),
    ...code_challenge,
  })
  return code
}

const unknownUser = (ctx: Context, client: Client, sub: string) =>
  invalidGrant(`user ${shown(subjectFor(ctx, client, sub))} of the grant no longer exists`)

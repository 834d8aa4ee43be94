/** The only place that composes a token response. RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3. */

import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { findUser, type User } from '../directory/users.js'
import { invalidGrant, shown } from '../errors.js'
import { signAmidRotation } from '../faults/doors/keys.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Account, Grant, RefreshToken } from '../store/records.js'
import { createAccessToken } from './access_token.js'
import { createIdToken } from './id_token.js'
import type { IssuedRefreshToken } from './refresh_token.js'

export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** What the tokens are made from. */
export interface Issue {
  readonly client: Client
  readonly grant_id: string
  readonly grant: Grant
  readonly scope: string
  readonly nonce?: string | undefined
  /** The refresh token that replaces the access token some day; left out, there is none. */
  readonly refresh_token: IssuedRefreshToken | undefined
}

export async function issueTokens(ctx: Context, issue: Issue): Promise<TokenResponse> {
  const { client, grant_id, grant, scope, nonce, refresh_token } = issue
  const user = await requireUser(ctx, client, grant)
  const openid = words(scope).includes('openid')
  const { access_token, id_token } = await signAmidRotation(ctx, aboutOf(grant, scope), async () => {
    const access_token = await createAccessToken(ctx, { client, grant_id, grant, user, scope })
    const id_token = openid ? await createIdToken(ctx, { client, user, grant, scope, nonce, access_token }) : undefined
    return { access_token, id_token }
  })
  if (refresh_token !== undefined) {
    const { expires_at } = refresh_token
    // RFC 6749 §6: a refresh token keeps the scope of its grant even when one refresh asked for less.
    await keepRefreshToken(ctx, refresh_token, { grant_id, access_token, expires_at })
  }
  return {
    access_token,
    token_type: 'Bearer',
    expires_in: ctx.snapshot.lifetimes.access_token,
    scope,
    ...(id_token !== undefined && { id_token }),
    ...(refresh_token?.known === false && { refresh_token: refresh_token.token }),
  }
}

/** Keeps a refresh token with its new access token, and revokes the access token from before. */
async function keepRefreshToken(
  { store }: Context,
  { token, known }: IssuedRefreshToken,
  record: RefreshToken,
): Promise<void> {
  let before: RefreshToken | undefined
  await store.refresh_tokens.update(token, (current) => {
    before = current
    // A token that the client has already can be revoked in the meantime, and then it stays so.
    return known ? current && { ...current, access_token: record.access_token } : record
  })
  if (before !== undefined) await store.access_tokens.delete(before.access_token)
}

/** The end-user has logged in and agreed: a grant, and what the response type asks for. OpenID Connect Core §3.3.2.5. */
export async function issueAuthorizationResponse(
  ctx: Context,
  asked: AuthorizationRequest,
  account: Account,
  state: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { client, scope, nonce } = asked
  const parts = RESPONSE_TYPES[asked.response_type]
  // OAuth 2.0 Multiple Response Types §4: `none` asks for the end-user's consent alone.
  if (asked.response_type === 'none') return {}
  const grant = grantOf(ctx, asked, account)
  const user = await requireUser(ctx, client, grant)
  const grant_id = randomToken()
  await ctx.store.grants.put(grant_id, grant)
  const code = parts.code ? await createCode(ctx, asked, grant_id) : undefined
  const answer: Record<string, string> = code === undefined ? {} : { code }
  if (!parts.token && !parts.id_token) return answer
  const { access_token, id_token } = await signAmidRotation(ctx, aboutOf(grant, scope), async () => {
    const access_token = parts.token
      ? await createAccessToken(ctx, { client, grant_id, grant, user, scope })
      : undefined
    const id_token = parts.id_token
      ? await createIdToken(ctx, { client, user, grant, scope, nonce, access_token, code, state })
      : undefined
    return { access_token, id_token }
  })
  return {
    ...answer,
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

const aboutOf = ({ sub, client_id }: Grant, scope: string) => ({ sub, client_id, scope })

function grantOf(ctx: Context, { client, scope, claims }: AuthorizationRequest, account: Account): Grant {
  const { flow_id, picked } = ctx.exchange
  const { sub, sid, auth_time, acr } = account
  return {
    sub,
    client_id: client.client_id,
    scope,
    auth_time,
    sid,
    expires_at: expiryOf('grants', ctx),
    ...(acr !== undefined && { acr }),
    ...(claims !== undefined && { claims }),
    ...(flow_id !== undefined && { flow_id }),
    ...(picked.length > 0 && { faults: picked }),
  }
}

async function createCode(ctx: Context, asked: AuthorizationRequest, grant_id: string): Promise<string> {
  const { client, redirect_uri, nonce, code_challenge } = asked
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

async function requireUser(ctx: Context, client: Client, { sub }: Grant): Promise<User> {
  const user = await findUser(ctx, sub)
  if (user !== undefined) return user
  throw invalidGrant(`user ${shown(subjectFor(ctx, client, sub))} of the grant is no longer there`)
}

/** The only place that composes a token response. RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3. */
import type { Context } from '../context.js'
import { type Client, findUser } from '../directory.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { invalidGrant } from '../oauth/errors.js'
import { words } from '../oauth/params.js'
import { RESPONSE_TYPES } from '../oauth/response_type.js'
import { randomToken } from '../random.js'
import type { Account, Grant } from '../store/store.js'
import { createAccessToken } from './access_token.js'
import { createIdToken } from './id_token.js'

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
  /** The refresh token in use: it stays, and replaces its access token. Without one a first is issued. */
  readonly refresh_token?: { readonly token: string; readonly expires_at: number }
}

export async function issueTokens(ctx: Context, issue: Issue): Promise<TokenResponse> {
  const { client, grant_id, grant, scope, nonce, refresh_token } = issue
  const user = await findUser(ctx, grant.sub)
  if (user === undefined) throw invalidGrant(`user ${grant.sub} of the grant is no longer there`)
  const access_token = await createAccessToken(ctx, { grant_id, grant, user, scope })
  const first = refresh_token === undefined && mayRefresh(ctx, client) ? randomToken() : undefined
  const token = refresh_token?.token ?? first
  if (token !== undefined) {
    const expires_at = refresh_token?.expires_at ?? ctx.clock.now() + ctx.snapshot.lifetimes.refresh_token
    // RFC 6749 §6: a refresh token keeps the scope of its grant even when one refresh asked for less.
    await ctx.store.refresh_tokens.put(token, { grant_id, access_token, expires_at })
  }
  const openid = words(scope).includes('openid')
  const id_token = openid ? await createIdToken(ctx, { client, user, grant, scope, nonce, access_token }) : undefined
  return {
    access_token,
    token_type: 'Bearer',
    expires_in: ctx.snapshot.lifetimes.access_token,
    scope,
    ...(id_token !== undefined && { id_token }),
    ...(first !== undefined && { refresh_token: first }),
  }
}

/** The end-user has logged in and agreed: a grant, and what the response type asks for. OpenID Connect Core §3.3.2.5. */
export async function issueAuthorizationResponse(
  ctx: Context,
  asked: AuthorizationRequest,
  account: Account,
  _state: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { client, redirect_uri, scope, nonce, code_challenge, claims } = asked
  const { sub, sid, auth_time, acr, amr } = account
  const grant: Grant = {
    sub,
    client_id: client.client_id,
    scope,
    auth_time,
    sid,
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(claims !== undefined && { claims }),
  }
  const grant_id = randomToken()
  await ctx.store.grants.put(grant_id, grant)
  const parts = RESPONSE_TYPES[asked.response_type]
  if (!parts.code) return {}
  const code = randomToken()
  await ctx.store.authorization_codes.put(code, {
    grant_id,
    client_id: client.client_id,
    redirect_uri,
    expires_at: ctx.clock.now() + ctx.snapshot.lifetimes.authorization_code,
    ...(nonce !== undefined && { nonce }),
    ...code_challenge,
  })
  return { code }
}

function mayRefresh(ctx: Context, client: Client): boolean {
  return ctx.snapshot.config.issue_refresh_token && client.grant_types.includes('refresh_token')
}

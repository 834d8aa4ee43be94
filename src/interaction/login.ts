/** What the end-user sees at the authorization endpoint, and what their answer brings about. OpenID Connect Core §3.1.2.3. */
import type { Context } from '../context.js'
import { findOrCreateUser, listRecentUsers, recordLogin } from '../directory.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'

/**
 * The form on which the end-user chooses who to be.
 * @param action where the form goes: the query of the authorization request, so that it works under any path.
 * @param problem what was wrong with the last answer.
 */
export async function loginPage(
  ctx: Context,
  asked: AuthorizationRequest,
  action: string,
  problem?: string,
): Promise<string> {
  const { client, redirect_uri, scope, login_hint } = asked
  const { scopes } = ctx.snapshot.config
  return renderPage('login', {
    action,
    client_id: client.client_id,
    registered: client.redirect_uris !== 'any',
    redirect_uri,
    scopes: words(scope).map((name) => ({ name, ...(Object.hasOwn(scopes, name) && describeScope(scopes[name]!)) })),
    predefined: [...ctx.snapshot.users.values()],
    recent: await listRecentUsers(ctx),
    ...(client.client_name !== undefined && { client_name: client.client_name }),
    ...(login_hint !== undefined && { login_hint }),
    ...(problem !== undefined && { problem }),
  })
}

/** The end-user has logged in and agreed: a grant, and the code that stands for it. RFC 6749 §4.1.2. */
export async function authorize(ctx: Context, asked: AuthorizationRequest, sub: string): Promise<string> {
  const { client, redirect_uri, scope, nonce, code_challenge } = asked
  const user = await findOrCreateUser(ctx, sub)
  await recordLogin(ctx, user)
  const now = ctx.clock.now()
  const grant_id = randomToken()
  await ctx.store.grants.put(grant_id, { sub: user.sub, client_id: client.client_id, scope, auth_time: now })
  const code = randomToken()
  await ctx.store.authorization_codes.put(code, {
    grant_id,
    client_id: client.client_id,
    redirect_uri,
    expires_at: now + ctx.snapshot.lifetimes.authorization_code,
    ...(nonce !== undefined && { nonce }),
    ...code_challenge,
  })
  return code
}

function describeScope({ description }: { description?: string }): { description?: string } {
  return description === undefined ? {} : { description }
}

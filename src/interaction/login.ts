/** What the end-user sees at the authorization endpoint, and what their answer brings about. OpenID Connect Core §3.1.2.3. */
import type { Context } from '../context.js'
import { findOrCreateUser, listRecentUsers, recordLogin } from '../directory.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import type { Account } from '../store/store.js'

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

/** The end-user has logged in: who they are from now on in this browser. */
export async function logIn(ctx: Context, _asked: AuthorizationRequest, sub: string): Promise<Account> {
  const user = await findOrCreateUser(ctx, sub)
  await recordLogin(ctx, user)
  return { sub: user.sub, sid: randomToken(), auth_time: ctx.clock.now(), client_ids: [] }
}

function describeScope({ description }: { description?: string }): { description?: string } {
  return description === undefined ? {} : { description }
}

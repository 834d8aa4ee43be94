/** Logins without a page, if the configuration enables them: for every request, a client, or the user that `login_hint` names. */
import type { Context } from '../context.js'
import { resolveSub } from '../directory/names.js'
import { findUserRecord } from '../directory/users.js'
import { invalidRequest, shown } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { similarTo } from './listed_users.js'

/** A user to log in without a page. */
export interface AutoLogin {
  readonly sub: string
  /** The setting that causes the login. */
  readonly reason: string
}

/** Returns the user to log in without a page; undefined if a page asks. */
export async function findAutoLogin(
  ctx: Context,
  { client, login_hint }: AuthorizationRequest,
): Promise<AutoLogin | undefined> {
  const { auto_login, auto_login_hint } = ctx.snapshot.config
  if (auto_login_hint && login_hint !== undefined) {
    return { sub: await readHint(ctx, login_hint), reason: 'auto_login_hint is enabled and login_hint names the user' }
  }
  if (client.auto_login !== undefined) {
    return {
      sub: await resolveSub(ctx, client.auto_login),
      reason: `auto_login of the client ${client.client_id} names the user`,
    }
  }
  if (auto_login === undefined) return undefined
  return { sub: await resolveSub(ctx, auto_login), reason: 'auto_login names the user' }
}

/** OpenID Connect Core §3.1.2.1: a hint is a `sub` or another name of a user; an unknown one becomes the sub of a new user. */
async function readHint(ctx: Context, hint: string): Promise<string> {
  if (hint.length > 255) throw invalidRequest(`login_hint has ${hint.length} characters, expected at most 255`)
  const sub = await resolveSub(ctx, hint)
  const user = await findUserRecord(ctx, sub)
  if (user === undefined && ctx.snapshot.users.size > 0) {
    ctx.remark('decision', `login_hint is ${shown(hint)}, which names no listed user${similarTo(ctx, hint)}`)
  }
  return sub
}

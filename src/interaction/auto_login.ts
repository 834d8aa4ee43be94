/** Logins without a page, where the configuration says so: for all, for a client, or for whom `login_hint` names. */
import type { Context } from '../context.js'
import { findUser } from '../directory/users.js'
import { invalidRequest } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'

export interface AutoLogin {
  readonly sub: string
  /** What says so. */
  readonly why: string
}

/** Who is to be logged in without being asked; undefined where that is for a page to find out. */
export async function findAutoLogin(
  ctx: Context,
  { client, login_hint }: AuthorizationRequest,
): Promise<AutoLogin | undefined> {
  const { auto_login, auto_login_hint } = ctx.snapshot.config
  if (auto_login_hint && login_hint !== undefined) {
    return { sub: await readHint(ctx, login_hint), why: 'auto_login_hint is on, and login_hint names them' }
  }
  if (client.auto_login !== undefined) {
    return { sub: client.auto_login, why: `auto_login of the client ${client.client_id} names them` }
  }
  return auto_login === undefined ? undefined : { sub: auto_login, why: 'auto_login names them' }
}

/** OpenID Connect Core §3.1.2.1: a hint may be a `sub` or an email address; who is unknown becomes a user by it. */
async function readHint(ctx: Context, hint: string): Promise<string> {
  if (hint.length > 255) throw invalidRequest(`login_hint has ${hint.length} characters, expected 255 at most`)
  if ((await findUser(ctx, hint)) !== undefined) return hint
  for (const sub of ctx.snapshot.users.keys()) {
    if ((await findUser(ctx, sub))?.claims.email === hint) return sub
  }
  return hint
}

/** Which end-user a client wants: `id_token_hint`, `claims` and `login_hint`. OpenID Connect Core §3.1.2.1 and §5.5.1. */
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { findUser } from '../directory/users.js'
import { invalidRequest, loginRequired } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { enforce } from '../oauth/rules.js'
import { subjectFor } from '../oauth/subject.js'
import type { Account } from '../store/records.js'
import { readOwnIdToken } from '../tokens/jwt.js'

/** Whether an end-user is the one; `sid` is that of a login that is there already. */
export type IsRequested = (sub: string, sid?: string) => boolean

/** What `id_token_hint` and `claims` demand; a request that names nobody takes anybody. */
export async function readRequestedUser(ctx: Context, asked: AuthorizationRequest): Promise<IsRequested> {
  const hinted = await readIdTokenHint(ctx, asked)
  const { value, values = value === undefined ? undefined : [value] } = subRequest(asked) ?? {}
  return (sub, sid) => {
    // OpenID Connect Core §5.5.1: a sub with a value is the only one with which the authentication succeeds.
    const claimed = values === undefined || values.includes(subjectFor(ctx, asked.client, sub))
    return claimed && hinted(sub, sid)
  }
}

/** OpenID Connect Core §3.1.2.1: the end-user of the ID token that the client had before, or none. */
async function readIdTokenHint(
  ctx: Context,
  { client, id_token_hint, prompt }: AuthorizationRequest,
): Promise<IsRequested> {
  if (id_token_hint === undefined) return () => true
  const hint = await readOwnIdToken(ctx, id_token_hint)
  if (hint === undefined) {
    const sentence = 'id_token_hint is no ID token that this issuer signed'
    if (prompt.includes('none')) throw loginRequired(sentence)
    enforce(ctx, 'verified_id_token_hint', invalidRequest(sentence))
    return () => true
  }
  // The sub of a pairwise client is computed for the client that got the token.
  const issuedTo = (await findClient(ctx, String([hint.aud].flat()[0]))) ?? client
  return (sub, sid) => (sid !== undefined && sid === hint.sid) || subjectFor(ctx, issuedTo, sub) === hint.sub
}

function subRequest({ claims }: AuthorizationRequest) {
  return Object.entries(claims?.id_token ?? {}).find(([name]) => name === 'sub')?.[1]
}

/** The logins of a browser that login_hint means, by `sub` or email. OpenID Connect Core §3.1.2.1. */
export async function filterByLoginHint(
  ctx: Context,
  { login_hint }: AuthorizationRequest,
  accounts: readonly Account[],
): Promise<readonly Account[]> {
  if (login_hint === undefined) return accounts
  const means = async ({ sub }: Account) =>
    sub === login_hint || (await findUser(ctx, sub))?.claims.email === login_hint
  const meant = await Promise.all(accounts.map(means))
  return accounts.filter((_, index) => meant[index])
}

/** The end-user that a client requests by `id_token_hint`, `claims` and `login_hint`. OpenID Connect Core §3.1.2.1 and §5.5.1. */
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { isNamed } from '../directory/names.js'
import { findUser } from '../directory/users.js'
import { invalidRequest, loginRequired } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { enforce } from '../oauth/rules.js'
import { subjectFor } from '../oauth/subject.js'
import type { Account } from '../store/records.js'
import { readOwnIdToken } from '../tokens/jwt.js'

/** Whether a user is the requested one; `sid` is the session identifier of an existing login. */
export type IsRequested = (sub: string, sid?: string) => boolean

/** Reads the requirements of `id_token_hint` and `claims`; without them, every user is accepted. */
export async function readRequestedUser(ctx: Context, request: AuthorizationRequest): Promise<IsRequested> {
  const isHinted = await readIdTokenHint(ctx, request)
  const { value, values = value === undefined ? undefined : [value] } = subRequest(request) ?? {}
  return (sub, sid) => {
    // OpenID Connect Core §5.5.1: if sub is requested with a value, only that user can log in.
    const isClaimed = values === undefined || values.includes(subjectFor(ctx, request.client, sub))
    return isClaimed && isHinted(sub, sid)
  }
}

/** OpenID Connect Core §3.1.2.1: the user of an ID token that the client received earlier. */
async function readIdTokenHint(
  ctx: Context,
  { client, id_token_hint, prompt }: AuthorizationRequest,
): Promise<IsRequested> {
  if (id_token_hint === undefined) return () => true
  const hint = await readOwnIdToken(ctx, id_token_hint)
  if (hint === undefined) {
    const problem = 'id_token_hint is not an ID token signed by this issuer'
    if (prompt.includes('none')) throw loginRequired(problem)
    enforce(ctx, 'verified_id_token_hint', invalidRequest(problem))
    return () => true
  }
  // A pairwise sub is computed for the client that received the token.
  const issuedTo = (await findClient(ctx, String([hint.aud].flat()[0]))) ?? client
  return (sub, sid) => (sid !== undefined && sid === hint.sid) || subjectFor(ctx, issuedTo, sub) === hint.sub
}

function subRequest({ claims }: AuthorizationRequest) {
  return Object.entries(claims?.id_token ?? {}).find(([name]) => name === 'sub')?.[1]
}

/** Returns the accounts, of users who exist, that login_hint names, as a login does. OpenID Connect Core §3.1.2.1. */
export async function filterByLoginHint(
  ctx: Context,
  { login_hint }: AuthorizationRequest,
  accounts: readonly Account[],
): Promise<readonly Account[]> {
  if (login_hint === undefined) return accounts
  const users = await Promise.all(accounts.map(({ sub }) => findUser(ctx, sub)))
  return accounts.filter(({ sub }, index) => isNamed({ sub, claims: users[index]!.claims }, login_hint))
}

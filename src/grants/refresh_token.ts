/** The refresh_token grant. RFC 6749 §6 and OpenID Connect Core §12. */
import type { Context } from '../context.js'
import { invalidGrant } from '../errors.js'
import { findFault } from '../faults/doors/find.js'
import { narrowScope } from '../oauth/scopes.js'
import type { Grant, RefreshToken } from '../store/records.js'
import { issueTokens } from '../tokens/issue.js'
import { rotateRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

export const refreshToken: GrantHandler = async (ctx, client, params) => {
  const token = params.require('refresh_token')
  const found = await ctx.store.refresh_tokens.get(token)
  if (found === undefined) throw unknownToken()
  const { grant_id, expires_at } = found
  const grant = await ctx.store.grants.get(grant_id)
  if (grant === undefined) throw invalidGrant('refresh_token was revoked')

  // RFC 6749 §6: the refresh token must have been issued to the client that presents it.
  requireIssuedTo(client, 'refresh_token', grant.client_id)
  if (grant.refresh_ended) throw invalidGrant('refresh_token ended with the logout of its login')
  const now = ctx.now
  if (expires_at <= now) throw invalidGrant(`refresh_token expired at ${expires_at}, it is ${now} now`)

  const scope = narrowScope(grant.scope, params.find('scope'))
  // RFC 9700 §4.14.2: whoever can't authenticate gets a new refresh token each time.
  // Departure: where the rule is off the refresh token stays, as the reference's users expect.
  const rotates = ctx.snapshot.rules.rotate_refresh_tokens && client.token_endpoint_auth_method === 'none'
  if (!(await applyFault(ctx, rotates, grant, scope))) {
    // What was rotated once stays so, though the rule or the fault that did it is over.
    if (found.rotated) await endGrant(ctx, grant_id)
    const refresh_token = { token, expires_at, known: true }
    return issueTokens(ctx, { client, grant_id, grant, scope, refresh_token })
  }
  await spend(ctx, token, found)
  const refresh_token = rotateRefreshToken(found)
  const response = await issueTokens(ctx, { client, grant_id, grant, scope, refresh_token }).catch(async (error) => {
    // A client that got no tokens, such as while its keys could not be fetched, may use the refresh token again.
    await ctx.store.refresh_tokens.update(token, (record) => record && found)
    throw error
  })
  await ctx.store.access_tokens.delete(found.access_token)
  return response
}

/** Each fault, and whether refresh tokens are rotated with it. */
export const FAULTY_ROTATION = {
  'token.refresh_not_rotated': false,
  'token.refresh_reuse_revokes_all': true,
} as const

const NAMES = Object.keys(FAULTY_ROTATION) as (keyof typeof FAULTY_ROTATION)[]

/** Whether this refresh rotates, where a fault may say otherwise. */
async function applyFault(ctx: Context, rotates: boolean, { sub, client_id }: Grant, scope: string): Promise<boolean> {
  const rule = await findFault(ctx, NAMES, { sub, client_id, scope })
  if (rule === undefined) return rotates
  const faulty = FAULTY_ROTATION[rule.fault]
  if (faulty === rotates) ctx.remark('decision', `${rule.fault} changes nothing: so it would have been without it`)
  return faulty
}

async function spend(ctx: Context, token: string, found: RefreshToken): Promise<void> {
  let before: RefreshToken | undefined
  await ctx.store.refresh_tokens.update(token, (record) => {
    before = record
    return record && { ...record, rotated: true }
  })
  if (before === undefined) throw unknownToken()
  if (before.rotated) await endGrant(ctx, found.grant_id)
}

const unknownToken = () => invalidGrant('refresh_token is unknown: this issuer did not issue it, or no longer keeps it')

/** RFC 9700 §4.14.2: of two uses one is a thief's, and nobody can tell which; so the grant ends. */
async function endGrant(ctx: Context, grant_id: string): Promise<never> {
  await ctx.store.grants.delete(grant_id)
  throw invalidGrant('refresh_token was already used; the grant and all its tokens have ended')
}

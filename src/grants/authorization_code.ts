/** The authorization_code grant. RFC 6749 §4.1.3: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3 */
import type { Context } from '../context.js'
import { describeTime } from '../duration.js'
import { decidedBy, invalidGrant, type OAuthError, shown } from '../errors.js'
import { verifyCodeVerifier } from '../oauth/pkce.js'
import { selectResources } from '../oauth/resource.js'
import { selectScope } from '../oauth/scopes.js'
import type { AuthorizationCode } from '../store/records.js'
import { followGrant } from '../tokens/lookup.js'
import { createRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

/** Redeems a code. */
export const authorizationCode: GrantHandler = async (ctx, { client, params, scope: requested, resource, now }) => {
  const presented = params.require('code')
  const redirect_uri = params.find('redirect_uri')
  const code_verifier = params.find('code_verifier')

  // RFC 6749 §4.1.2: the client must not use a code more than once; of two requests at the same time, one redeems it.
  let earlier: AuthorizationCode['redeemed']
  const redeemed = { at: now, by: `client ${shown(client.client_id)} in flow ${ctx.exchange.flow_id}` }
  const code = await ctx.store.authorization_codes.update(presented, (record) => {
    earlier = record?.redeemed
    // An expired code is refused, and not used.
    return record && record.expires_at > now ? { ...record, redeemed: earlier ?? redeemed } : record
  })
  if (code === undefined) throw invalidGrant('code is unknown: this issuer did not issue it, or no longer keeps it')
  if (earlier !== undefined) throw await refuseReuse(ctx, code, earlier)

  // RFC 6749 §4.1.3: the code must have been issued to the client that presents it.
  requireIssuedTo(client, 'code', code.client_id)
  if (code.expires_at <= now) {
    const refusal = invalidGrant(`code expired ${describeTime(code.expires_at, now)}`)
    throw decidedBy(refusal, 'lifetimes', 'authorization_code')
  }

  // RFC 6749 §4.1.3: the redirect_uri must be the one of the authorization request.
  if (redirect_uri !== code.redirect_uri) {
    throw invalidGrant(
      `redirect_uri is ${shown(redirect_uri ?? 'missing')}, expected that of the authorization request: ${shown(code.redirect_uri)}`,
    )
  }
  verifyCodeVerifier(code_verifier, code)

  const { grant_id, nonce } = code
  const { grant, user } = await followGrant(ctx, grant_id)
  if (grant === undefined) throw invalidGrant('the grant of the code was revoked')
  const refresh_token = createRefreshToken(ctx, { client, user, grant })
  // RFC 6749 §4.1.3: a code has the scope of its authorization request, unless the provider of the preset reads another one.
  const scope = ctx.snapshot.preset?.resource_scopes ? selectScope(ctx, client, grant.scope, requested) : grant.scope
  return {
    ...{ client, user, grant_id, grant, scope, nonce, refresh_token },
    resource: selectResources(ctx, grant.resource, resource),
  }
}

/** Revokes the grant of a reused code and returns the refusal. RFC 6749 §4.1.2: all its tokens are revoked. */
async function refuseReuse(
  ctx: Context,
  { grant_id }: AuthorizationCode,
  { at, by }: NonNullable<AuthorizationCode['redeemed']>,
): Promise<OAuthError> {
  const refusal = invalidGrant(`code was already used ${describeTime(at, ctx.now)}, by ${by}`)
  if (!ctx.snapshot.rules.revoke_on_code_reuse) {
    ctx.remark('would_be_refused', 'would be revoked by a strict provider: the tokens of a reused code', {
      rule: 'revoke_on_code_reuse',
      error: 'invalid_token',
    })
    return refusal
  }
  await ctx.store.grants.delete(grant_id)
  return refusal
}

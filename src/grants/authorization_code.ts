/** The authorization_code grant. RFC 6749 §4.1.3: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3 */
import type { Context } from '../context.js'
import { invalidGrant, type OAuthError, shown } from '../errors.js'
import { verifyCodeVerifier } from '../oauth/pkce.js'
import { issueTokens } from '../tokens/issue.js'
import { createRefreshToken } from '../tokens/refresh_token.js'
import { type GrantHandler, requireIssuedTo } from './grant.js'

export const authorizationCode: GrantHandler = async (ctx, client, params) => {
  const presented = params.require('code')
  const redirect_uri = params.find('redirect_uri')
  const code_verifier = params.find('code_verifier')

  // RFC 6749 §4.1.2: the client must not use a code more than once; of two that try at once, one gets it.
  const code = await ctx.store.authorization_codes.take(presented)
  if (code === undefined) throw await refusalOf(ctx, presented)
  await ctx.store.spent_tokens.put(presented, { grant_id: code.grant_id })

  // RFC 6749 §4.1.3: the code must have been issued to the client that presents it.
  requireIssuedTo(client, 'code', code.client_id)
  const now = ctx.now
  if (code.expires_at <= now) throw invalidGrant(`code expired at ${code.expires_at}, it is ${now} now`)

  // RFC 6749 §4.1.3: the redirect_uri must be the one of the authorization request.
  if (redirect_uri !== code.redirect_uri) {
    throw invalidGrant(
      `redirect_uri is ${shown(redirect_uri ?? 'missing')}, the authorization request had ${shown(code.redirect_uri)}`,
    )
  }
  verifyCodeVerifier(code_verifier, code)

  const grant = await ctx.store.grants.get(code.grant_id)
  if (grant === undefined) throw invalidGrant('the grant of the code was revoked')
  const { grant_id, nonce } = code
  const refresh_token = createRefreshToken(ctx, client, grant)
  return issueTokens(ctx, { client, grant_id, grant, scope: grant.scope, nonce, refresh_token })
}

/** RFC 6749 §4.1.2: a code that comes twice may have been stolen, so all tokens that came of it end. */
async function refusalOf(ctx: Context, presented: string): Promise<OAuthError> {
  const spent = await ctx.store.spent_tokens.get(presented)
  const refusal = invalidGrant('code is unknown or was already used')
  if (spent === undefined) return refusal
  if (!ctx.snapshot.rules.revoke_on_code_reuse) {
    ctx.remark('would_be_refused', 'would be refused by a strict provider: the tokens of a code that came twice', {
      rule: 'revoke_on_code_reuse',
      error: 'invalid_token',
    })
    return refusal
  }
  await ctx.store.grants.delete(spent.grant_id)
  return refusal
}

/** The refresh_token grant. RFC 6749 §6 and OpenID Connect Core §12. */
import { invalidGrant, shown } from '../oauth/errors.js'
import { narrowScope } from '../oauth/scopes.js'
import { issueTokens } from '../tokens/issue.js'
import type { GrantHandler } from './grant.js'

export const refreshToken: GrantHandler = async (ctx, client, params) => {
  const token = params.require('refresh_token')
  // Departure: RFC 9700 §4.14.2 has the refresh token of a public client rotated or bound; here it stays, as the
  // reference's users expect.
  const found = await ctx.store.refresh_tokens.get(token)
  if (found === undefined) throw invalidGrant('refresh_token is unknown')
  const grant = await ctx.store.grants.get(found.grant_id)
  if (grant === undefined) throw invalidGrant('refresh_token was revoked')

  // RFC 6749 §6: the refresh token must have been issued to the client that presents it.
  if (grant.client_id !== client.client_id) {
    throw invalidGrant(
      `refresh_token was issued to client ${shown(grant.client_id)}, but client ${shown(client.client_id)} presents it`,
    )
  }
  const now = ctx.clock.now()
  if (found.expires_at <= now) throw invalidGrant(`refresh_token expired at ${found.expires_at}, it is ${now} now`)

  const scope = narrowScope(grant.scope, params.find('scope'))
  const { expires_at } = found
  const response = await issueTokens(ctx, {
    client,
    grant_id: found.grant_id,
    grant,
    scope,
    refresh_token: { token, expires_at },
  })
  await ctx.store.access_tokens.delete(found.access_token)
  return response
}

/** Token revocation. RFC 7009 §2: https://www.rfc-editor.org/rfc/rfc7009#section-2 */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { requireIssuedTo } from '../grants/grant.js'
import { authenticateCaller } from '../oauth/caller.js'
import { readForm } from '../oauth/params.js'
import { PATHS } from '../routes.js'

export const revocation: FastifyPluginAsync = async (app) => {
  const { revocation_endpoint, token_endpoint } = PATHS
  app.post(revocation_endpoint, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { ctx, headers, body } = request
    const params = readForm(headers['content-type'], body)
    // Departure: RFC 7009 §2.1 authenticates the client first. Libraries revoke a refresh token, which ends the grant by which
    // their client is known, and then the access token.
    const hasEnded = !(await isValid(ctx, params.find('token')))
    const { client } = await authenticateCaller(request, params, { revocation_endpoint, token_endpoint }, hasEnded)
    // RFC 7009 §2.1: the hint only speeds up the search, which needs no hint here. A repeated parameter is refused.
    params.find('token_type_hint')
    ctx.remark('decision', await revoke(ctx, client, params.require('token')))
    // RFC 7009 §2.2: clients ignore the body. Some insist on a content type.
    return reply.send({})
  })
}

/** Whether a token still has its grant. */
async function isValid({ store }: Context, token: string | undefined): Promise<boolean> {
  if (token === undefined) return false
  const found = (await store.refresh_tokens.get(token)) ?? (await store.access_tokens.get(token))
  return found !== undefined && (await store.grants.get(found.grant_id)) !== undefined
}

/** Revokes a token. Returns a description of the decision for the journal. */
async function revoke(ctx: Context, client: Client, token: string): Promise<string> {
  const { access_tokens, refresh_tokens, grants } = ctx.store
  const refresh_token = await refresh_tokens.get(token)
  if (refresh_token !== undefined) {
    await requireOwn(ctx, client, refresh_token.grant_id)
    // RFC 7009 §2.1: the revocation of a refresh token ends its grant and all access tokens of the grant.
    await grants.delete(refresh_token.grant_id)
    return 'the refresh token, its grant and all tokens of the grant are revoked'
  }
  const access_token = await access_tokens.get(token)
  // RFC 7009 §2.2: the response to an unknown token is the response to a revoked one.
  if (access_token === undefined) return 'the token is unknown, so nothing is revoked'
  await requireOwn(ctx, client, access_token.grant_id)
  await access_tokens.delete(token)
  return 'the access token is revoked'
}

/** Refuses a token of another client. RFC 7009 §2.1. */
async function requireOwn({ store }: Context, client: Client, grant_id: string): Promise<void> {
  const grant = await store.grants.get(grant_id)
  if (grant !== undefined) requireIssuedTo(client, 'token', grant.client_id)
}

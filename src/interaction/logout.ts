/** What the end-user sees on the way out. OpenID Connect RP-Initiated Logout §2 and §3. */
import type { Context } from '../context.js'
import { findClient } from '../directory.js'
import { invalidRequest, shown } from '../oauth/errors.js'
import type { Params } from '../oauth/params.js'
import { redirectUriProblem } from '../oauth/redirect_uri.js'
import { withQuery } from '../oauth/response_mode.js'
import { renderPage } from '../pages/render.js'
import { readOwnIdToken } from '../tokens/jwt.js'

interface LogoutRequest {
  readonly id_token_hint: string | undefined
  readonly client_id: string | undefined
  readonly sub: string | undefined
  /** Where the browser goes afterwards, with `state`. */
  readonly location: string | undefined
}

/** The page that asks whether to end the session. */
export async function endSessionPage(ctx: Context, params: Params, action: string): Promise<string> {
  const { id_token_hint, client_id, sub, location } = await readLogoutRequest(ctx, params)
  const carried = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'redirect_uri', 'state']
  return renderPage('end_session', {
    action,
    parameters: params.entries(),
    id_token_hint_missing: id_token_hint === undefined,
    id_token_hint_unknown: id_token_hint !== undefined && sub === undefined,
    hidden: params.entries().filter(([name, value]) => carried.includes(name) && value !== ''),
    ...(client_id !== undefined && { client_id }),
    ...(sub !== undefined && { sub }),
    ...(location !== undefined && { redirect_uri: location }),
  })
}

/** The end-user has agreed: back to the client, or a page that says so. */
export async function endSession(ctx: Context, params: Params): Promise<{ location: string } | { page: string }> {
  const { location } = await readLogoutRequest(ctx, params)
  return location === undefined ? { page: renderPage('session_ended', {}) } : { location }
}

async function readLogoutRequest(ctx: Context, params: Params): Promise<LogoutRequest> {
  const id_token_hint = params.find('id_token_hint')
  const hint = id_token_hint === undefined ? undefined : await readOwnIdToken(ctx, id_token_hint)
  const audience = [hint?.aud].flat()[0]
  const client_id = params.find('client_id') ?? audience
  // RP-Initiated Logout §2: with both, the client_id must be the one that the ID token was issued to.
  if (audience !== undefined && client_id !== audience) {
    throw invalidRequest(`client_id is ${shown(client_id!)}, but the id_token_hint was issued to ${shown(audience)}`)
  }
  // The second name is the field of the reference's form.
  const uri = params.find('post_logout_redirect_uri') ?? params.find('redirect_uri')
  if (uri !== undefined) await requireRedirectable(ctx, uri, client_id)
  return { id_token_hint, client_id, sub: hint?.sub, location: uri && withQuery(uri, { state: params.find('state') }) }
}

async function requireRedirectable(ctx: Context, uri: string, client_id: string | undefined): Promise<void> {
  // Departure: RP-Initiated Logout §3 wants a registered URI; a path on this provider is what the reference takes as well.
  const problem = /^\/(?![/\\])/.test(uri) ? redirectUriProblem(ctx.public_url + uri) : redirectUriProblem(uri)
  if (problem !== undefined) throw invalidRequest(`post_logout_redirect_uri ${problem}`)
  const client = client_id === undefined ? undefined : await findClient(ctx, client_id)
  // RP-Initiated Logout §3: exact comparison with what the client registered.
  // Departure: a client that registered none, or isn't known at all, may send the browser anywhere, as in the reference.
  const registered = client?.post_logout_redirect_uris
  if (registered !== undefined && !registered.includes(uri)) {
    throw invalidRequest(
      `post_logout_redirect_uri is ${shown(uri)}, expected one of the client's: ${shown(registered.join(', ') || 'it has none')}`,
    )
  }
}

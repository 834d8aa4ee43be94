/** Reads a logout request. OpenID Connect RP-Initiated Logout §2 and §3. */
import { expectRedirectUri } from '../clients/redirect_uris.js'
import type { Context } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { decidedBy, invalidRequest, shown } from '../errors.js'
import type { Params } from '../oauth/params.js'
import { differsInPort, fitsSome } from '../oauth/redirect_uri.js'
import { withQuery } from '../oauth/response_mode.js'
import { enforce } from '../oauth/rules.js'
import { readOwnIdToken } from '../tokens/jwt.js'

/** A logout request after its checks. */
export interface LogoutRequest {
  /** The parameter as received, also if it is not an ID token of this issuer. */
  readonly id_token_hint: string | undefined
  readonly client_id: string | undefined
  readonly client_name: string | undefined
  /** Subject of the hint; undefined without an ID token signed by this issuer. */
  readonly sub: string | undefined
  /** Session identifier of the hint. */
  readonly sid: string | undefined
  /** URL to redirect to after the logout. */
  readonly uri: string | undefined
  readonly state: string | undefined
  /** `uri` with `state`. */
  readonly location: string | undefined
}

export async function readLogoutRequest(ctx: Context, params: Params): Promise<LogoutRequest> {
  const id_token_hint = params.find('id_token_hint')
  const hint = id_token_hint === undefined ? undefined : await readOwnIdToken(ctx, id_token_hint)
  // RP-Initiated Logout §2: the provider must verify that it has issued the ID token.
  if (id_token_hint !== undefined && hint === undefined) {
    enforce(ctx, 'verified_id_token_hint', invalidRequest('id_token_hint is not an ID token signed by this issuer'))
  }
  const audience = [hint?.aud].flat()[0]
  const client_id = params.find('client_id') ?? audience
  // RP-Initiated Logout §2: client_id must be the client that the ID token was issued to.
  if (audience !== undefined && client_id !== audience) {
    throw invalidRequest(`client_id is ${shown(client_id!)}, but the id_token_hint was issued to ${shown(audience)}`)
  }
  const client = client_id === undefined ? undefined : await findClient(ctx, client_id)
  // `redirect_uri` is the name of the field in the reference.
  const { logout_parameter = 'redirect_uri' } = ctx.snapshot.preset ?? {}
  const uri = params.find('post_logout_redirect_uri') ?? params.find('redirect_uri') ?? params.find(logout_parameter)
  if (uri !== undefined) requireRedirectable(ctx, uri, id_token_hint, client_id, client)
  const state = params.find('state')
  return {
    id_token_hint,
    client_id,
    client_name: client?.client_name,
    sub: hint?.sub,
    sid: typeof hint?.sid === 'string' ? hint.sid : undefined,
    uri,
    state,
    location: uri && withQuery(uri, { state }),
  }
}

function requireRedirectable(
  ctx: Context,
  uri: string,
  id_token_hint: string | undefined,
  client_id: string | undefined,
  client: Client | undefined,
): void {
  // Departure: RP-Initiated Logout §3 requires a registered URI; like the reference, a path on this provider is accepted.
  const expected = expectRedirectUri(/^\/(?![/\\])/.test(uri) ? ctx.public_url + uri : uri)
  if (expected !== undefined) {
    throw invalidRequest(`post_logout_redirect_uri is ${shown(uri)}, expected ${expected}`)
  }
  // RP-Initiated Logout §3: no redirect without confirmation that the request comes from the client.
  if (id_token_hint === undefined) {
    const refusal = invalidRequest(`post_logout_redirect_uri is ${shown(uri)}, but id_token_hint is missing`)
    enforce(ctx, 'verified_id_token_hint', refusal)
  }
  // RP-Initiated Logout §3.1: compared exactly with the registered URIs.
  const registered = client?.post_logout_redirect_uris
  if (registered === undefined) {
    // As in the reference, an unknown client, or a client without registered URIs, may redirect anywhere.
    const refusal = `post_logout_redirect_uri is ${shown(uri)}, but ${client_id === undefined ? 'the request names no client' : `client ${shown(client_id)} has registered none`}`
    enforce(ctx, 'registered_post_logout_redirect_uris', invalidRequest(refusal))
  } else if (!registered.includes(uri)) {
    const mismatch = `post_logout_redirect_uri is ${shown(uri)}, expected one of the client's post_logout_redirect_uris: ${shown(registered.join(', ') || 'none')}`
    // Departure: the port of a native application and the host of a preview environment are as unknown as at the login.
    const isNative = client?.application_type === 'native' && differsInPort(registered, uri)
    const fits = client?.wildcard_redirect_uris === true && fitsSome(registered, uri)
    if (!isNative && !fits) {
      throw decidedBy(invalidRequest(mismatch), 'clients', String(client_id), 'post_logout_redirect_uris')
    }
    enforce(ctx, 'exact_redirect_uris', invalidRequest(mismatch))
  }
}

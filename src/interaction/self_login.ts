/** A built-in relying party, to try a login without an application. It uses the code flow with PKCE. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { type Context, IN_PROCESS } from '../context.js'
import { SELF_LOGIN } from '../directory/clients.js'
import { readParams } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import { PATHS } from '../routes.js'
import { expiryOf } from '../store/collections.js'
import type { SelfLogin } from '../store/records.js'
import { readOwnIdToken } from '../tokens/jwt.js'
import type { Cookies } from './session.js'

const SCOPE = 'openid profile email address phone'
const COOKIE = 'oidc_provider_mock_self_login'

const NO_LOGIN = 'no login is in progress in this browser'

type Answer = Readonly<Record<string, unknown>>
type Outcome = NonNullable<SelfLogin['outcome']>

export const selfLogin: FastifyPluginAsync = async (app) => {
  app.get(PATHS.self_login, async ({ ctx }, reply) =>
    html(
      reply,
      renderPage('self_login', { action: ctx.base_path + PATHS.self_login, issuer: ctx.issuer }, ctx.frame()),
    ),
  )

  app.post(PATHS.self_login, async ({ ctx }, reply) => {
    const secrets = { state: randomToken(), nonce: randomToken(), code_verifier: randomToken() }
    const login = { redirect_uri: redirectUriOf(ctx), ...secrets, expires_at: expiryOf('self_logins', ctx) }
    const id = randomToken()
    await ctx.store.self_logins.put(id, login)
    remember(ctx, reply, id)
    return reply.redirect(`${ctx.base_path}${PATHS.authorization_endpoint}?${authorizationQuery(login)}`)
  })

  app.get(PATHS.self_login_authorized, async (request, reply) => {
    const { ctx } = request
    const params = readParams(request.query)
    const cookie = request.cookies[COOKIE] ?? ''
    const pending = await ctx.store.self_logins.get(cookie)
    if (pending === undefined || pending.outcome !== undefined) return failed(ctx, reply, 'no_login', NO_LOGIN)
    // RFC 6749 §10.12: a response with another state belongs to another request, and does not end this login.
    if (params.find('state') !== pending.state)
      return failed(ctx, reply, 'wrong_state', 'state differs from the state of the request')
    const login = await ctx.store.self_logins.take(cookie)
    if (login === undefined) return failed(ctx, reply, 'no_login', NO_LOGIN)
    const error = params.find('error')
    if (error !== undefined) return failed(ctx, reply, error, params.find('error_description') ?? '')
    const outcome = await exchange(app, request, { ...login, code: params.find('code') ?? '' })
    if ('error' in outcome) return failed(ctx, reply, outcome.error, outcome.error_description)
    const id = randomToken()
    await ctx.store.self_logins.put(id, { ...login, outcome })
    remember(ctx, reply, id)
    return reply.redirect(ctx.base_path + PATHS.self_login_success)
  })

  app.get(PATHS.self_login_success, async ({ ctx, cookies }, reply) => {
    const login = await ctx.store.self_logins.get(cookies[COOKIE] ?? '')
    if (login?.outcome === undefined) return failed(ctx, reply, 'no_login', 'no login is finished in this browser')
    const { token_response, id_token_claims, userinfo, id_token } = login.outcome
    const logout = new URLSearchParams({
      id_token_hint: id_token,
      post_logout_redirect_uri: ctx.public_url + PATHS.self_login,
    })
    const page = renderPage(
      'self_login_success',
      {
        sub: String(userinfo.sub),
        again: ctx.base_path + PATHS.self_login,
        end_session: `${ctx.base_path}${PATHS.end_session_endpoint}?${logout}`,
        id_token_claims,
        userinfo,
        token_response: Object.fromEntries(
          Object.entries(token_response).map(([name, value]) => [name, shorten(value)]),
        ),
      },
      ctx.frame(),
    )
    return html(reply, page)
  })
}

const redirectUriOf = ({ public_url }: Context) => public_url + PATHS.self_login_authorized

/**
 * Returns the redirect URI of the login in progress in the browser that sent these cookies. It is the URL of the provider as this
 * browser uses it, since a page of a neighboring domain can plant the cookie of another browser (RFC 6265 §8.6).
 */
export async function findSelfLoginUri(ctx: Context, cookies: Cookies): Promise<string | undefined> {
  const id = cookies[COOKIE]
  const login = id === undefined ? undefined : await ctx.store.self_logins.get(id)
  if (login === undefined || login.outcome !== undefined || login.expires_at <= ctx.now) return undefined
  return login.redirect_uri === redirectUriOf(ctx) ? login.redirect_uri : undefined
}

function authorizationQuery(login: {
  redirect_uri: string
  state: string
  nonce: string
  code_verifier: string
}): string {
  const { redirect_uri, state, nonce, code_verifier } = login
  return new URLSearchParams({
    client_id: SELF_LOGIN,
    redirect_uri,
    response_type: 'code',
    scope: SCOPE,
    state,
    nonce,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
}

/** Redeems the code and reads userinfo. Calls the endpoints within the process, since the public URL may not be reachable. */
async function exchange(
  app: FastifyInstance,
  { ctx }: FastifyRequest,
  login: { redirect_uri: string; nonce: string; code_verifier: string; code: string },
): Promise<Outcome | { error: string; error_description: string }> {
  const { redirect_uri, nonce, code_verifier, code } = login
  // The same base URL gives the same issuer.
  const { host, protocol, pathname } = new URL(ctx.request_url)
  const base = { host, 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-prefix': pathname }
  const response = await app.inject({
    method: 'POST',
    url: ctx.own_path + PATHS.token_endpoint,
    remoteAddress: IN_PROCESS,
    headers: { ...base, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri,
      client_id: SELF_LOGIN,
      code_verifier,
    }).toString(),
  })
  if (response.statusCode !== 200) return response.json<{ error: string; error_description: string }>()
  const token_response = response.json<Answer>()
  const id_token = String(token_response.id_token)
  const id_token_claims = await readOwnIdToken(ctx, id_token)
  // OpenID Connect Core §3.1.3.7: signature and issuer, then audience and nonce.
  if (id_token_claims?.aud !== SELF_LOGIN || id_token_claims.nonce !== nonce) {
    return { error: 'invalid_id_token', error_description: 'the ID token does not belong to this login' }
  }
  const userinfo = await app.inject({
    url: ctx.own_path + PATHS.userinfo_endpoint,
    remoteAddress: IN_PROCESS,
    headers: { ...base, authorization: `Bearer ${token_response.access_token}` },
  })
  return { token_response, id_token, id_token_claims: id_token_claims as Answer, userinfo: userinfo.json<Answer>() }
}

function remember(ctx: Context, reply: FastifyReply, id: string): void {
  // Lax: the browser returns from the authorization endpoint by a top-level GET.
  reply.setCookie(COOKIE, id, { path: ctx.base_path || '/', httpOnly: true, sameSite: 'lax' })
}

function failed(ctx: Context, reply: FastifyReply, error: string, description: string): FastifyReply {
  return html(
    reply.code(400),
    renderPage('self_login_error', { error, description, again: ctx.base_path + PATHS.self_login }, ctx.frame()),
  )
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page)
}

function shorten(value: unknown): unknown {
  return typeof value === 'string' && value.length > 60 ? `${value.slice(0, 40)}… (${value.length} characters)` : value
}

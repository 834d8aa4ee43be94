/** A built-in relying party, to try a login without an application. */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.js'
import { SELF_LOGIN } from '../directory/clients.js'
import { type Params, readForm, readParams } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { randomToken } from '../random.js'
import { PATHS } from '../routes.js'
import { expiryOf } from '../store/collections.js'
import type { SelfLogin, SelfLoginOutcome } from '../store/self_login.js'
import { completeLogin } from './self_login_exchange.js'
import { authorizationQuery, type Choice, describeForm, findObstacle, readChoice } from './self_login_request.js'
import type { Cookies } from './session.js'

const COOKIE = 'oidc_provider_mock_self_login'

const NO_LOGIN = 'no login is in progress in this browser'

export const selfLogin: FastifyPluginAsync = async (app) => {
  app.get(PATHS.self_login, async ({ ctx }, reply) => showForm(ctx, reply))

  app.post(PATHS.self_login, async ({ ctx, headers, body }, reply) => {
    const choice = readChoice(body === undefined ? readParams({}) : readForm(headers['content-type'], body))
    if ('problem' in choice) return showForm(ctx, reply.code(400), undefined, choice.problem)
    const obstacle = await findObstacle(ctx, choice)
    if (obstacle !== undefined) return showForm(ctx, reply.code(400), choice, obstacle)
    const { prompt, ...asked } = choice
    const secrets = { state: randomToken(), nonce: randomToken(), code_verifier: randomToken() }
    const login = { ...asked, redirect_uri: redirectUriOf(ctx), ...secrets, expires_at: expiryOf('self_logins', ctx) }
    const id = randomToken()
    await ctx.store.self_logins.put(id, login)
    remember(ctx, reply, id)
    return reply.redirect(`${ctx.base_path}${PATHS.authorization_endpoint}?${authorizationQuery(login, prompt)}`)
  })

  /** Takes the authorization response, in the query or in the form of the response mode form_post. */
  const receive = async (request: FastifyRequest, reply: FastifyReply, params: Params) => {
    const { ctx } = request
    const cookie = request.cookies[COOKIE] ?? ''
    const pending = await ctx.store.self_logins.get(cookie)
    if (pending === undefined || pending.outcome !== undefined) return failed(ctx, reply, 'no_login', NO_LOGIN)
    // RFC 6749 §10.12: a response with another state belongs to another request, and does not end this login.
    if (params.find('state') !== pending.state)
      return failed(ctx, reply, 'wrong_state', 'state differs from the state of the request')
    const login = await ctx.store.self_logins.take(cookie)
    if (login === undefined) return failed(ctx, reply, 'no_login', NO_LOGIN)
    const error = params.find('error')
    if (error !== undefined) return failed(ctx, reply, error, params.find('error_description') ?? '', login)
    const outcome = await completeLogin(app, request, login, params)
    if ('error' in outcome) return failed(ctx, reply, outcome.error, outcome.error_description, login)
    const id = randomToken()
    await ctx.store.self_logins.put(id, { ...login, outcome })
    remember(ctx, reply, id)
    return reply.redirect(ctx.base_path + PATHS.self_login_success)
  }
  app.get(PATHS.self_login_authorized, (request, reply) => receive(request, reply, readParams(request.query)))
  app.post(PATHS.self_login_authorized, (request, reply) =>
    receive(request, reply, readForm(request.headers['content-type'], request.body)),
  )

  app.get(PATHS.self_login_success, async ({ ctx, cookies }, reply) => {
    const login = await ctx.store.self_logins.get(cookies[COOKIE] ?? '')
    if (login?.outcome === undefined) return failed(ctx, reply, 'no_login', 'no login is finished in this browser')
    return showOutcome(ctx, reply, login, login.outcome)
  })
}

const redirectUriOf = ({ public_url }: Context) => public_url + PATHS.self_login_authorized

/**
 * Returns the redirect URI of the login in progress in the browser that sent these cookies, and its client. It is the URL of the
 * provider as this browser uses it, since a page of a neighboring domain can plant the cookie of another browser (RFC 6265 §8.6).
 */
export async function findSelfLogin(
  ctx: Context,
  cookies: Cookies,
): Promise<Pick<SelfLogin, 'client_id' | 'redirect_uri'> | undefined> {
  const id = cookies[COOKIE]
  const login = id === undefined ? undefined : await ctx.store.self_logins.get(id)
  if (login === undefined || login.outcome !== undefined || login.expires_at <= ctx.now) return undefined
  return login.redirect_uri === redirectUriOf(ctx) ? login : undefined
}

async function showForm(ctx: Context, reply: FastifyReply, choice?: Choice, problem?: string): Promise<FastifyReply> {
  return html(reply, renderPage('self_login', await describeForm(ctx, choice, problem), ctx.frame()))
}

function showOutcome(ctx: Context, reply: FastifyReply, login: SelfLogin, outcome: SelfLoginOutcome): FastifyReply {
  const { id_token, checks, ...rest } = outcome
  const all = checks.flatMap((group) => group.checks)
  const failures = all.filter(({ passed }) => !passed).length
  const logout = new URLSearchParams({
    ...(failures === 0 && id_token !== undefined ? { id_token_hint: id_token } : { client_id: login.client_id }),
    ...(login.client_id === SELF_LOGIN && { post_logout_redirect_uri: ctx.public_url + PATHS.self_login }),
  })
  const page = renderPage(
    'self_login_success',
    {
      ...rest,
      client_id: login.client_id,
      checks,
      failures,
      total: all.length,
      again: ctx.base_path + PATHS.self_login,
      end_session: `${ctx.base_path}${PATHS.end_session_endpoint}?${logout}`,
      ...describeEntry(ctx, login),
    },
    ctx.frame(),
  )
  return html(failures === 0 ? reply : reply.code(400), page)
}

/** Returns where the journal has the requests of the client. */
function describeEntry(ctx: Context, { client_id }: SelfLogin) {
  const { journal } = ctx.frame()
  return journal === undefined ? {} : { entry: { url: `${journal}?${new URLSearchParams({ client_id })}` } }
}

function remember(ctx: Context, reply: FastifyReply, id: string): void {
  // Lax: the browser returns from the authorization endpoint by a top-level GET.
  reply.setCookie(COOKIE, id, { path: ctx.base_path || '/', httpOnly: true, sameSite: 'lax' })
}

function failed(
  ctx: Context,
  reply: FastifyReply,
  error: string,
  description: string,
  login?: SelfLogin,
): FastifyReply {
  const again = ctx.base_path + PATHS.self_login
  const entry = login === undefined ? {} : describeEntry(ctx, login)
  return html(reply.code(400), renderPage('self_login_error', { error, description, again, ...entry }, ctx.frame()))
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page)
}

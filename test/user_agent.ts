/** A browser without a window: it keeps cookies, and follows nothing by itself. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { decodeJwt, type JWTPayload } from 'jose'
import { exchange, REDIRECT_URI, type TestApp, type Tokens } from './app.js'

type Form = Record<string, string>

export interface UserAgent {
  readonly cookies: Record<string, string>
  get(url: string): Promise<LightMyRequestResponse>
  post(url: string, form: Form, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Logs in at the client `app` unless the query says otherwise, and redeems the code. */
  logIn(query?: Form & { sub?: string }): Promise<Tokens & { claims: JWTPayload }>
  /** The error with which prompt=none is refused, or none. */
  ask(query?: Form): Promise<string | null>
  /** The page of the end_session_endpoint, its button, and what comes of it. */
  logOut(params?: Form): Promise<{ page: LightMyRequestResponse; after: LightMyRequestResponse }>
}

/** @param base the path of an isolated issuer. */
export function createUserAgent(test: TestApp, base = ''): UserAgent {
  const cookies: Record<string, string> = {}
  const send = async (options: InjectOptions) => {
    const answer = await test.app.inject({ ...options, cookies })
    for (const { name, value, maxAge, expires } of answer.cookies) {
      const gone = maxAge === 0 || (expires !== undefined && expires.getTime() <= Date.now())
      if (gone) delete cookies[name]
      else cookies[name] = value
    }
    return answer
  }
  const get = (url: string) => send({ url: base + url })
  const post = (url: string, form: Form, headers: Record<string, string> = {}) =>
    send({
      method: 'POST',
      url: base + url,
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const authorize = (query: Form) =>
    `/oauth2/authorize?${new URLSearchParams({
      client_id: 'app',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid',
      ...query,
    })}`
  const answerOf = ({ headers }: LightMyRequestResponse) => new URL(String(headers.location)).searchParams
  return {
    cookies,
    get,
    post,
    logIn: async ({ sub = 'alice', ...query } = {}) => {
      const code = answerOf(await post(authorize(query), { sub })).get('code') ?? ''
      const { client_id = 'app', redirect_uri = REDIRECT_URI } = query
      const tokens = (await exchange(test, { code, client_id, redirect_uri }, base)).json<Tokens>()
      return { ...tokens, claims: decodeJwt(tokens.id_token) }
    },
    ask: async (query = {}) => answerOf(await get(authorize({ ...query, prompt: 'none' }))).get('error'),
    logOut: async (params = {}) => {
      const page = await get(`/oauth2/end_session?${new URLSearchParams(params)}`)
      const fields = [...page.body.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)]
      const hidden = fields.map(([, name = '', value = '']): [string, string] => [name, plainOf(value)])
      return { page, after: await post('/oauth2/end_session/confirm', Object.fromEntries(hidden)) }
    },
  }
}

function plainOf(html: string): string {
  return html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}

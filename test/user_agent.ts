/** A scripted browser: keeps cookies, sends requests and logs in by the forms of the pages. It follows no redirect. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { decodeJwt, type JWTPayload } from 'jose'
import { basic, exchange, REDIRECT_URI, type TestApp, type Tokens } from './app.js'
import { decodeEntities } from './html.js'

export type Fields = Readonly<Record<string, string>>

/** A client for the strict profile, and the credentials that it sends. */
export const CLIENT = { client_id: 'app', client_secret: 'secret', redirect_uris: [REDIRECT_URI] }
export const SECRET = { authorization: basic(CLIENT.client_id, CLIENT.client_secret) }

export interface UserAgent {
  /** The cookies with their attributes, by name. */
  readonly cookies: Map<string, LightMyRequestResponse['cookies'][number]>
  get(url: string): Promise<LightMyRequestResponse>
  post(url: string, form: Fields, headers?: Fields): Promise<LightMyRequestResponse>
  /** Sends an authorization request by GET. An empty parameter is left out. */
  ask(query?: Fields): Promise<LightMyRequestResponse>
  /** Posts the form of a page for the same authorization request. */
  answer(form: Fields, query?: Fields): Promise<LightMyRequestResponse>
  /** Logs in by the form and returns the parameters of the authorization response. */
  logIn(sub: string, query?: Fields): Promise<URLSearchParams>
  /** Logs in and redeems the code. */
  getTokens(query?: Fields & { readonly sub?: string }): Promise<Tokens & { claims: JWTPayload }>
  /** Returns the error of an authorization request with prompt=none; null if there is none. */
  askSilently(query?: Fields): Promise<string | null>
  /** Opens the page of the end_session_endpoint and presses its button. */
  logOut(params?: Fields): Promise<{ page: LightMyRequestResponse; after: LightMyRequestResponse }>
}

interface Options {
  /** Path of an isolated issuer. */
  readonly base?: string
  readonly headers?: Fields
}

export function createUserAgent(test: TestApp, { base = '', headers = {} }: Options = {}): UserAgent {
  const { cookies, send } = createJar(test)
  const get = (url: string) => send({ url: base + url, headers })
  const post: UserAgent['post'] = (url, form, more = {}) =>
    send({
      method: 'POST',
      url: base + url,
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers, ...more },
    })
  const ask: UserAgent['ask'] = (query) => get(authorizeUrl(query))
  const answer: UserAgent['answer'] = (form, query) => post(authorizeUrl(query), form)
  const logIn: UserAgent['logIn'] = async (sub, query) => returned(await answer({ sub }, query))
  return {
    cookies,
    get,
    post,
    ask,
    answer,
    logIn,
    getTokens: async ({ sub = 'alice', ...query } = {}) => {
      const code = (await logIn(sub, query)).get('code') ?? ''
      const { client_id = 'app', redirect_uri = REDIRECT_URI } = query
      const tokens = (await exchange(test, { code, client_id, redirect_uri }, base)).json<Tokens>()
      return { ...tokens, claims: decodeJwt(tokens.id_token) }
    },
    askSilently: async (query) => returned(await ask({ ...query, prompt: 'none' })).get('error'),
    logOut: async (params = {}) => {
      const page = await get(`/oauth2/end_session?${new URLSearchParams(params)}`)
      return { page, after: await post('/oauth2/end_session/confirm', hiddenIn(page)) }
    },
  }
}

function createJar({ app }: TestApp) {
  const cookies: UserAgent['cookies'] = new Map()
  const send = async (request: InjectOptions) => {
    const sent = Object.fromEntries([...cookies.values()].map(({ name, value }) => [name, value]))
    const response = await app.inject({ ...request, cookies: sent })
    for (const cookie of response.cookies) {
      const { name, maxAge, expires } = cookie
      if (maxAge === 0 || (expires !== undefined && expires.getTime() <= Date.now())) cookies.delete(name)
      else cookies.set(name, cookie)
    }
    return response
  }
  return { cookies, send }
}

function authorizeUrl(query: Fields = {}): string {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...query }
  return `/oauth2/authorize?${new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''))}`
}

/** Returns the parameters of an authorization response, which are in the query or in the fragment. */
export function returned({ headers }: LightMyRequestResponse): URLSearchParams {
  const { search, hash } = new URL(String(headers.location))
  return new URLSearchParams(hash.slice(1) || search)
}

/** Redeems the code of an authorization response and returns the claims of the ID token. */
export async function idTokenOf(test: TestApp, answer: URLSearchParams): Promise<JWTPayload> {
  return decodeJwt(await idTokenFor(test, answer))
}

/** Redeems the code of an authorization response and returns the ID token. */
export async function idTokenFor(test: TestApp, answer: URLSearchParams): Promise<string> {
  const { client_secret: _, redirect_uris: __, ...client } = CLIENT
  const response = await exchange(test, { code: answer.get('code') ?? '', ...client }, '', SECRET)
  return response.json<Tokens>().id_token
}

/** Returns the hidden fields of the form on a page. */
export function hiddenIn({ body }: LightMyRequestResponse): Fields {
  const [, form = ''] = /<form[^>]*>(.*?)<\/form>/s.exec(body) ?? []
  const fields = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [decodeEntities(name), decodeEntities(value)]))
}

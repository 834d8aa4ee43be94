/** A browser without pages: it keeps cookies, sends authorization requests and reads their responses. */
import type { LightMyRequestResponse } from 'fastify'
import { decodeJwt, type JWTPayload } from 'jose'
import { basic, exchange, REDIRECT_URI, type TestApp, type Tokens } from '../app.js'

export type Fields = Readonly<Record<string, string>>

/** A registered client, and its credentials at the token endpoint. */
export const CLIENT = { client_id: 'app', client_secret: 'secret', redirect_uris: [REDIRECT_URI] }
export const SECRET = { authorization: basic(CLIENT.client_id, CLIENT.client_secret) }

export interface UserAgent {
  /** Cookies by name, with their attributes. */
  readonly cookies: Map<string, { name: string; value: string; [attribute: string]: unknown }>
  /** Sends an authorization request by GET; an empty parameter is omitted. */
  ask(query?: Fields): Promise<LightMyRequestResponse>
  /** Posts the form of a page for the same request. */
  answer(form: Fields, query?: Fields): Promise<LightMyRequestResponse>
  /** Logs in by the form and returns the parameters of the response. */
  logIn(sub: string, query?: Fields): Promise<URLSearchParams>
}

/** @param base the path of the issuer. */
export function createUserAgent(test: TestApp, { base = '', headers = {} }: { base?: string; headers?: Fields } = {}) {
  const cookies: UserAgent['cookies'] = new Map()
  const send = async (method: 'GET' | 'POST', query: Fields, form?: Fields) => {
    const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', ...query }
    const given = Object.entries(all).filter(([, value]) => value !== '')
    const response = await test.app.inject({
      method,
      url: `${base}/oauth2/authorize?${new URLSearchParams(given)}`,
      cookies: Object.fromEntries([...cookies.values()].map(({ name, value }) => [name, value])),
      headers: { ...headers, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { payload: new URLSearchParams(form).toString() }),
    })
    for (const cookie of response.cookies) cookies.set(cookie.name, cookie)
    return response
  }
  const agent: UserAgent = {
    cookies,
    ask: (query = {}) => send('GET', query),
    answer: (form, query = {}) => send('POST', query, form),
    logIn: async (sub, query = {}) => returned(await send('POST', query, { sub })),
  }
  return agent
}

/** The parameters of an authorization response, in the query or the fragment. */
export function returned({ headers }: LightMyRequestResponse): URLSearchParams {
  const { search, hash } = new URL(String(headers.location))
  return new URLSearchParams(hash.slice(1) || search)
}

/** The claims of the ID token for the code of a response. */
export async function idTokenOf(test: TestApp, answer: URLSearchParams): Promise<JWTPayload> {
  return decodeJwt(await idTokenFor(test, answer))
}

/** The ID token itself. */
export async function idTokenFor(test: TestApp, answer: URLSearchParams): Promise<string> {
  const { client_secret: _, redirect_uris: __, ...client } = CLIENT
  const response = await exchange(test, { code: answer.get('code') ?? '', ...client }, '', SECRET)
  return response.json<Tokens>().id_token
}

/** The hidden fields of the form on a page. */
export function hiddenIn({ body }: LightMyRequestResponse): Fields {
  const [, form = ''] = /<form[^>]*>(.*?)<\/form>/s.exec(body) ?? []
  return Object.fromEntries(
    [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
      readEntities(name),
      readEntities(value),
    ]),
  )
}

function readEntities(text: string): string {
  const entities: Fields = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }
  return text.replaceAll(/&([a-z]+|#39);/g, (all, name: string) => entities[name] ?? all)
}

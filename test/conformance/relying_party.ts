/** The relying party of the checks: registers, sends requests and verifies the responses. */
import type { Test } from 'tap'
import { type Browser, createBrowser, type Outcome } from './browser.js'
import {
  type Answer,
  type Asking,
  type AssertionOptions,
  authenticate,
  type Client,
  hasCode,
  hasFrontIdToken,
  hasToken,
  type Login,
  PKCE,
  type Plan,
  REDIRECT_URI,
  randomText,
} from './plan.js'
import {
  leftHash,
  type Values,
  verifyAll,
  verifyClaims,
  verifyIdToken,
  verifyToken,
  verifyTokenMembers,
} from './verify.js'
import type { World } from './world.js'

/** Parameters that only an authorization response has. */
const MEMBERS = ['code', 'error', 'id_token', 'access_token', 'state']

type Front = Pick<Login, 'front_claims' | 'id_token' | 'access_token'>

export class RelyingParty {
  constructor(
    readonly t: Test,
    readonly world: World,
    readonly plan: Plan,
  ) {}

  browser(sub?: string): Browser {
    return createBrowser(this.world.issuer, this.world.fetch, sub)
  }

  endpoint(name: string): string {
    return String(this.world.metadata[name])
  }

  /** Sends a registration request and returns the response. */
  tryToRegister(metadata: Values = {}): Promise<Response> {
    const { response_type, token_endpoint_auth_method = 'client_secret_basic' } = this.plan
    const grant_types = [
      ...(hasCode(this.plan) ? ['authorization_code', 'refresh_token'] : []),
      ...(hasToken(this.plan) || hasFrontIdToken(this.plan) ? ['implicit'] : []),
    ]
    const body = JSON.stringify({
      client_name: 'Conformance',
      grant_types,
      response_types: [response_type],
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method,
      contacts: ['certification@example.com'],
      ...(metadata.jwks_uri === undefined && { jwks: { keys: [this.world.key.jwk] } }),
      ...metadata,
    })
    const headers = { 'content-type': 'application/json' }
    return this.world.fetch(this.endpoint('registration_endpoint'), { method: 'POST', headers, body })
  }

  /** OpenID Connect Registration §3.2: registers and verifies the response. */
  async register(metadata: Values = {}): Promise<Client> {
    const { t, world } = this
    const answer = await this.tryToRegister(metadata)
    const body = (await answer.json()) as Values & Client
    if (answer.status !== 201) throw new Error(`not registered: ${body.error} ${body.error_description}`)
    verifyAll(t, 'the registration', {
      JSON: /^application\/json\b/.test(answer.headers.get('content-type') ?? ''),
      'a client_id and no error': typeof body.client_id === 'string' && !Object.hasOwn(body, 'error'),
      'a secret has client_secret_expires_at':
        body.client_secret === undefined || typeof body.client_secret_expires_at === 'number',
      registration_client_uri: String(body.registration_client_uri).startsWith(`${world.issuer}/`),
      registration_access_token: Boolean(body.registration_access_token),
    })
    return { ...body, redirect_uri: (body.redirect_uris as string[])[0]! }
  }

  /** Returns the parameters of an authorization request. */
  parameters(client: Client, { parameters = {} }: Asking = {}): URLSearchParams {
    const { response_type, response_mode } = this.plan
    const all = {
      client_id: client.client_id,
      redirect_uri: client.redirect_uri,
      response_type,
      response_mode,
      scope: 'openid',
      state: randomText(),
      nonce: randomText(10),
      ...parameters,
    }
    return new URLSearchParams(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
  }

  /** Sends the browser to the authorization endpoint. */
  ask(query: URLSearchParams, { browser = this.browser(), by = 'GET' }: Asking = {}): Promise<Outcome> {
    const endpoint = this.endpoint('authorization_endpoint')
    return by === 'POST' ? browser.open(endpoint, query) : browser.open(`${endpoint}?${query}`)
  }

  /** OAuth 2.0 Multiple Response Types §5, Form Post Response Mode §2: checks that the response is in its place only. */
  readAnswer(outcome: Outcome, client: Client, { place = this.place() } = {}): Answer {
    const { t } = this
    const { elsewhere, pages } = outcome
    if (elsewhere === undefined) {
      const { status, heading, html } = pages.at(-1)!
      throw new Error(
        `the response is the page ${heading} with status ${status}, expected a redirect to the redirect_uri: ${html.slice(-600)}`,
      )
    }
    const { url, posted } = elsewhere
    const registered = new URL(client.redirect_uri)
    const places = { query: url.searchParams, fragment: new URLSearchParams(url.hash.slice(1)), body: posted }
    const answering = Object.entries(places).filter(([, params]) => MEMBERS.some((name) => params?.has(name)))
    const params = places[place] ?? new URLSearchParams()
    const names = [...params.keys()]
    verifyAll(t, `the answer, expected in the ${place} only`, {
      'at the redirect_uri': url.origin + url.pathname === registered.origin + registered.pathname,
      'its query is kept': [...registered.searchParams].every(([name, value]) => url.searchParams.get(name) === value),
      'in its place only': answering.length === 1 && answering[0]![0] === place,
      'nothing in the query': place === 'query' || url.search === registered.search,
      'no parameter twice': new Set(names).size === names.length,
      'iss is the issuer': [this.world.issuer, null].includes(params.get('iss')),
    })
    return { params, outcome }
  }

  place(): 'query' | 'fragment' | 'body' {
    if (this.plan.response_mode === 'form_post') return 'body'
    return hasToken(this.plan) || hasFrontIdToken(this.plan) ? 'fragment' : 'query'
  }

  /** Logs in and verifies every response by the specifications. */
  async logIn(client: Client, asking: Asking = {}): Promise<Login> {
    const { t, plan } = this
    const browser = asking.browser ?? this.browser()
    const query = this.parameters(client, asking)
    const outcome = await this.ask(query, { ...asking, browser })
    const { params } = this.readAnswer(outcome, client)
    if (params.has('error')) {
      throw new Error(`the response is an error: ${params.get('error')}: ${params.get('error_description')}`)
    }
    t.equal(params.get('state'), asking.state ?? query.get('state'), 'state is that of the request')
    const nonce = asking.nonce ?? query.get('nonce') ?? undefined
    const front = await this.verifyFront(client, params, nonce, asking.alg)
    if (!hasCode(plan)) return { browser, outcome, params, tokens: {}, ...front, claims: front.front_claims! }
    const code = params.get('code') ?? ''
    verifyToken(t, code, 'code')
    const answer = await this.exchange(client, code, query.get('code_challenge') === null ? {} : PKCE.verifier)
    const tokens = await this.readTokens(answer)
    const id_token = String(tokens.id_token)
    const claims = await verifyIdToken(t, this.world, id_token, { client_id: client.client_id, nonce, alg: asking.alg })
    // OpenID Connect Core §3.1.3.6 and §3.3.2.11: optional, but correct if present.
    if (claims.at_hash !== undefined) t.equal(claims.at_hash, leftHash(String(tokens.access_token)), 'at_hash')
    if (claims.c_hash !== undefined) t.equal(claims.c_hash, leftHash(code), 'c_hash')
    // OpenID Connect Core §3.3.3.6: both ID tokens have the same subject.
    if (front.front_claims !== undefined) t.equal(claims.sub, front.front_claims.sub, 'the same sub in both ID tokens')
    return { browser, outcome, params, ...front, claims, id_token, access_token: String(tokens.access_token), tokens }
  }

  private async verifyFront(
    client: Client,
    params: URLSearchParams,
    nonce: string | undefined,
    alg?: string,
  ): Promise<Front> {
    const { t, plan } = this
    const access_token = params.get('access_token') ?? undefined
    const id_token = params.get('id_token') ?? ''
    verifyAll(t, `the response of ${plan.response_type}`, {
      'an access token if requested': (access_token !== undefined) === hasToken(plan),
      'an ID token if requested': (id_token !== '') === hasFrontIdToken(plan),
      'a code if requested': params.has('code') === hasCode(plan),
    })
    if (access_token !== undefined) {
      const members = Object.fromEntries(params)
      verifyTokenMembers(t, { ...members, expires_in: Number(members.expires_in) })
    }
    const token = access_token === undefined ? {} : { access_token }
    if (id_token === '') return { id_token, ...token }
    const front_claims = await verifyIdToken(t, this.world, id_token, { client_id: client.client_id, nonce, alg })
    // OpenID Connect Core §3.2.2.10 and §3.3.2.11: required in the front channel.
    t.equal(front_claims.at_hash, access_token === undefined ? undefined : leftHash(access_token), 'at_hash')
    t.equal(front_claims.c_hash, params.has('code') ? leftHash(params.get('code')!) : undefined, 'c_hash')
    return { id_token, front_claims, ...token }
  }

  /** Redeems a code at the token endpoint. */
  exchange(client: Client, code: string, more: Record<string, string> = {}): Promise<Response> {
    return this.callToken(client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirect_uri,
      ...more,
    })
  }

  /** Calls the token endpoint with the client's authentication method. */
  async callToken(client: Client, form: Record<string, string>, assertion: AssertionOptions = {}): Promise<Response> {
    const { headers = {}, form: more = {} } = await authenticate(client, this.world, assertion)
    const body = new URLSearchParams({ ...form, ...more })
    return this.world.fetch(this.endpoint('token_endpoint'), { method: 'POST', headers, body })
  }

  /** Verifies a token response by RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3. */
  async readTokens(answer: Response): Promise<Values> {
    const { t } = this
    const tokens = (await answer.json()) as Values
    if (answer.status !== 200) throw new Error(`no tokens: ${tokens.error} ${tokens.error_description}`)
    t.match(answer.headers.get('content-type'), /^application\/json\b/)
    t.match(answer.headers.get('cache-control'), /\bno-store\b/)
    verifyTokenMembers(t, tokens)
    return tokens
  }

  /** OpenID Connect Core §5.3: calls userinfo and verifies the response. */
  async readUserinfo({ access_token = '', claims: { sub } }: Login, how = 'GET header'): Promise<Values> {
    const { t, world } = this
    const sent = {
      'GET header': { headers: { authorization: `Bearer ${access_token}` } },
      'POST header': { method: 'POST', headers: { authorization: `Bearer ${access_token}` } },
      'POST body': { method: 'POST', body: new URLSearchParams({ access_token }) },
    }[how]
    const answer = await world.fetch(this.endpoint('userinfo_endpoint'), sent)
    t.equal(answer.status, 200, 'userinfo succeeds')
    t.match(answer.headers.get('content-type'), /^application\/json\b/)
    const claims = (await answer.json()) as Values
    t.equal(claims.sub, sub, 'sub is that of the ID token')
    verifyClaims(t, claims)
    return claims
  }
}

/** Effects of the flags as seen over HTTP. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { createFetch } from '../fetch.js'
import { sendRaw } from '../raw_request.js'
import type { Serving } from './program.js'

export const REDIRECT_URI = 'http://localhost:8000/callback'

/** A certificate with its key and its authority. */
const PAIR = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))

/** A value for a flag and the check of its effect. */
export interface Effect {
  /** The value, or a function that prepares files in the folder and returns the value. */
  readonly value: string | ((folder: string) => string | Promise<string>)
  check(t: Test, serving: Serving, value: string, folder: string): Promise<void>
  /** Returns other arguments that the flag requires. */
  also?(folder: string): string[] | Promise<string[]>
}

/** Effects by the last part of the variable's name. */
export const EFFECTS: Readonly<Record<string, Effect>> = {
  CONFIG: {
    value: (folder) => write(folder, 'config.yaml', 'users: [{ sub: zoe }]\n'),
    check: async (t, { issuer }) => void t.match(await loginPage(issuer), 'Authorize as zoe'),
  },
  CONFIG_INLINE: {
    value: 'users: [{ sub: zoe }]',
    check: async (t, { issuer }) => void t.match(await loginPage(issuer), 'Authorize as zoe'),
  },
  CONFIG_DIR: {
    value: (folder) => dirname(write(folder, 'config.yml', 'users: [{ sub: zoe }]\n')),
    check: async (t, { issuer }) => void t.match(await loginPage(issuer), 'Authorize as zoe'),
  },
  WATCH: {
    value: 'poll',
    also: (folder) => ['--config', write(folder, 'config.yaml', 'users: [{ sub: zoe }]\n')],
    check: async (t, { issuer, line }, _value, folder) => {
      write(folder, 'config.yaml', 'users: [{ sub: yan }]\n')
      await line(/configuration reloaded/)
      t.match(await loginPage(issuer), 'Authorize as yan')
    },
  },
  PORT: {
    value: findFreePort,
    check: async (t, { issuer }, value) => void t.equal(new URL(issuer).port, value),
  },
  HOST: {
    // Every address of 127.0.0.0/8 is a loopback address on Linux only.
    value: process.platform === 'linux' ? '127.0.0.2' : '::1',
    check: async (t, { issuer }, value) => {
      const host = value.includes(':') ? `[${value}]` : value
      t.equal((await fetch(`http://${host}:${new URL(issuer).port}/healthz`)).status, 200)
    },
  },
  PROFILE: {
    value: 'strict',
    check: async (t, { issuer }) => {
      t.equal((await authorize(issuer)).status, 400)
      const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { use: string }[] }
      t.strictSame([...new Set(keys.map(({ use }) => use))], ['sig', 'enc'])
    },
  },
  PRESET: {
    value: 'keycloak',
    check: async (t, { issuer }) => {
      const { token_endpoint } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
        token_endpoint: string
      }
      t.match(token_endpoint, /\/realms\/mock\/protocol\/openid-connect\/token$/)
    },
  },
  USERS_ONLY: {
    value: 'true',
    check: async (t, { issuer }) => {
      const form = { method: 'POST', body: new URLSearchParams({ sub: 'zoe' }) }
      t.equal((await authorize(issuer, {}, form)).status, 400)
    },
  },
  AUTO_LOGIN: {
    value: 'zoe',
    check: async (t, { issuer }) => void t.ok(locationOf(await authorize(issuer)).has('code')),
  },
  AUTO_LOGIN_HINT: {
    value: 'true',
    check: async (t, { issuer }) => {
      t.ok(locationOf(await authorize(issuer, { login_hint: 'zoe' })).has('code'))
      t.equal((await authorize(issuer)).status, 200, 'without a hint there is a page')
    },
  },
  REQUIRE_REGISTRATION: {
    value: 'true',
    check: async (t, { issuer }) => void t.equal((await authorize(issuer)).status, 400),
  },
  REQUIRE_NONCE: {
    value: 'true',
    check: async (t, { issuer }) => void t.match(await refusalOf(issuer), /nonce/),
  },
  REQUIRE_PKCE: {
    value: 'true',
    check: async (t, { issuer }) => void t.match(await refusalOf(issuer), /code_challenge/),
  },
  NO_REFRESH_TOKEN: {
    value: 'true',
    check: async (t, { issuer }) => {
      const tokens = await getTokens(issuer)
      t.type(tokens.access_token, 'string')
      t.notOk(Object.hasOwn(tokens, 'refresh_token'))
    },
  },
  TOKEN_MAX_AGE: {
    value: '120',
    check: async (t, { issuer }) => void t.strictSame(lifetimesOf(await getTokens(issuer)), [120, 120]),
  },
  ACCESS_TOKEN_LIFETIME: {
    value: '2m',
    check: async (t, { issuer }) => void t.strictSame(lifetimesOf(await getTokens(issuer)), [120, 3600]),
  },
  ID_TOKEN_LIFETIME: {
    value: '2m',
    check: async (t, { issuer }) => void t.strictSame(lifetimesOf(await getTokens(issuer)), [3600, 120]),
  },
  REFRESH_TOKEN_LIFETIME: {
    value: '1s',
    check: async (t, { issuer }) => {
      const { refresh_token } = await getTokens(issuer)
      await advance(issuer)
      const answer = await postToken(issuer, { grant_type: 'refresh_token', refresh_token: String(refresh_token) })
      t.match(answer, { error: 'invalid_grant', error_description: /expired/ })
    },
  },
  AUTHORIZATION_CODE_LIFETIME: {
    value: '1s',
    check: async (t, { issuer }) => {
      const code = await logIn(issuer)
      await advance(issuer)
      t.match(await exchange(issuer, code), { error: 'invalid_grant', error_description: /expired/ })
    },
  },
  USER: {
    value: 'zoe',
    check: async (t, { issuer }) => {
      t.match(await loginPage(issuer), 'Authorize as zoe')
      t.match(await userinfo(issuer, 'zoe'), { sub: 'zoe', email: 'zoe' })
    },
  },
  USER_CLAIMS: {
    value: '{"sub": "zoe", "plan": "gold"}',
    check: async (t, { issuer }) => {
      t.match(await loginPage(issuer), 'Authorize as zoe')
      t.strictSame(await userinfo(issuer, 'zoe'), { sub: 'zoe', plan: 'gold' })
    },
  },
  USER_CLAIMS_FILE: {
    value: (folder) => write(folder, 'users.json', '[{ "sub": "zoe", "plan": "gold" }]'),
    check: async (t, { issuer }) => {
      t.match(await loginPage(issuer), 'Authorize as zoe')
      t.strictSame(await userinfo(issuer, 'zoe'), { sub: 'zoe', plan: 'gold' })
    },
  },
  ISSUER: {
    value: 'https://id.example/mock',
    check: async (t, { issuer: address }, value) => {
      t.match(await (await fetch(`${address}/.well-known/openid-configuration`)).json(), {
        issuer: value,
        token_endpoint: `${value}/oauth2/token`,
      })
    },
  },
  PUBLIC_URL: {
    value: 'https://id.example/mock',
    check: async (t, { issuer }, value) => {
      t.match(await discover(issuer), { issuer: value, authorization_endpoint: `${value}/oauth2/authorize` })
    },
  },
  INTERNAL_URL: {
    value: 'http://op:9400',
    also: () => ['--public-url', 'https://id.example'],
    check: async (t, { issuer }, value) => {
      t.match(await discover(issuer), {
        authorization_endpoint: 'https://id.example/oauth2/authorize',
        token_endpoint: `${value}/oauth2/token`,
      })
    },
  },
  BASE_PATH: {
    value: '/auth',
    check: async (t, { issuer }) => {
      const { origin } = new URL(issuer)
      t.match(await discover(`${origin}/auth`), { issuer: `${origin}/auth`, jwks_uri: `${origin}/auth/jwks` })
    },
  },
  TLS_CERT: {
    value: async (folder) => write(folder, 'tls.crt', PAIR.cert),
    also: (folder) => ['--tls-key', write(folder, 'tls.key', PAIR.key)],
    check: async (t, { issuer }) => void t.equal(await statusOf(issuer, PAIR.ca), 200),
  },
  TLS_KEY: {
    value: async (folder) => write(folder, 'tls.key', PAIR.key),
    also: (folder) => ['--tls-cert', write(folder, 'tls.crt', PAIR.cert)],
    check: async (t, { issuer }) => void t.equal(await statusOf(issuer, PAIR.ca), 200),
  },
  TLS_SELF_SIGNED: {
    value: 'localhost,op.example',
    also: (folder) => ['--tls-ca-file', join(folder, 'ca.pem')],
    check: async (t, { issuer }, _value, folder) => {
      t.equal(await statusOf(issuer, readFileSync(join(folder, 'ca.pem'), 'utf8')), 200)
    },
  },
  TLS_CA_FILE: {
    value: (folder) => join(folder, 'ca.pem'),
    also: () => ['--tls-self-signed'],
    check: async (t, { issuer }, value) => void t.equal(await statusOf(issuer, readFileSync(value, 'utf8')), 200),
  },
  HTTP_PORT: {
    value: findFreePort,
    also: () => ['--tls-self-signed'],
    check: async (t, { issuer }, value) => {
      t.match(issuer, /^https:/)
      t.match(await discover(`http://localhost:${value}`), { issuer: `http://localhost:${value}` })
    },
  },
  TRUST_FORWARDED: {
    value: 'false',
    check: async (t, { issuer }) => {
      const headers = { 'x-forwarded-host': 'id.example', 'x-forwarded-proto': 'https' }
      const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { headers })
      t.match(await answer.json(), { issuer })
    },
  },
  CORS_ORIGIN: {
    value: 'http://a.example, http://b.example',
    check: async (t, { issuer }) => {
      const allowed = async (origin: string) =>
        (await fetch(`${issuer}/jwks`, { headers: { origin } })).headers.get('access-control-allow-origin')
      t.equal(await allowed('http://a.example'), 'http://a.example')
      t.equal(await allowed('http://b.example'), 'http://b.example')
      t.equal(await allowed('http://c.example'), null)
    },
  },
  ADMIN_TOKEN: {
    value: 'let-me-drive',
    check: async (t, { issuer }, value) => {
      const statusWith = async (token: string) =>
        (await fetch(`${issuer}/admin/users`, { headers: { authorization: `Bearer ${token}` } })).status
      t.equal(await statusWith(value), 200)
      t.equal(await statusWith('another'), 401)
    },
  },
  ADMIN_PORT: {
    value: findFreePort,
    check: async (t, { issuer }, value) => {
      const at = async (port: string) => (await fetch(`http://localhost:${port}/admin/issuer`)).json()
      t.strictSame(await at(value), { issuer, isolated_issuer: `${issuer}/issuers/{name}` })
      t.match(await at(new URL(issuer).port), { error: 'not_found', error_description: /server\.admin_port/ })
    },
  },
  NO_ADMIN: {
    value: 'true',
    check: async (t, { issuer }) => void t.equal((await fetch(`${issuer}/admin/users`)).status, 404),
  },
  ALLOWED_HOST: {
    value: 'op.test,*.example.test',
    check: async (t, { issuer }) => {
      const statusOf = async (host: string) =>
        (await sendRaw(issuer, ['GET /admin/users HTTP/1.1', `Host: ${host}`])).status
      t.equal(await statusOf('op.test'), 200)
      t.equal(await statusOf('a.example.test:9400'), 200)
      t.equal(await statusOf('example.test'), 403)
    },
  },
  OUTBOUND_ALLOW: {
    value: 'localhost,app:3000',
    check: async (t, { issuer }) => {
      t.equal(await fetchObject(t, issuer, 'localhost'), 200)
      t.equal(await fetchObject(t, issuer, '127.0.0.1'), 302)
    },
  },
  OUTBOUND_CA: {
    value: (folder) => write(folder, 'ca.pem', PAIR.ca),
    check: async (t, { issuer }) => void t.equal(await callTls(t, issuer), 200),
  },
  OUTBOUND_INSECURE: {
    value: 'true',
    check: async (t, { issuer }) => void t.equal(await callTls(t, issuer), 200),
  },
  WILDCARD_REDIRECT_URIS: {
    value: 'true',
    check: async (t, { issuer }) => {
      const answer = await fetch(`${issuer}/oauth2/clients`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://*.preview.example/callback'] }),
      })
      const { client_id } = (await answer.json()) as { client_id: string }
      const ask = async (redirect_uri: string) => (await authorize(issuer, { client_id, redirect_uri })).status
      t.equal(await ask('https://pr-7.preview.example/callback'), 200)
      t.equal(await ask('https://preview.example/callback'), 400)
    },
  },
  KEEP_KEY_IN: {
    value: (folder) => join(folder, 'key.json'),
    check: async (t, { issuer }, value) => {
      const kept = JSON.parse(readFileSync(value, 'utf8')) as { kid: string; n: string }
      const published = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: object[] }
      t.match(published, { keys: [{ kid: kept.kid, n: kept.n }] })
      t.equal(published.keys.length, 1)
    },
  },
  LOG_LEVEL: {
    value: 'debug',
    check: async (t, { issuer, line }) => {
      await fetch(`${issuer}/healthz`)
      t.match(JSON.parse(await line(/"answered"/)), { method: 'GET', path: '/healthz', status: 200 })
    },
  },
  LOG_FORMAT: {
    value: 'pretty',
    check: async (t, { issuer, line }) => void t.match(await line(/listening/), `INFO: listening on ${issuer}`),
  },
}

/** Returns the status of an authorization request with a request_uri at a server with an untrusted certificate. */
async function callTls(t: Test, issuer: string): Promise<number> {
  const server = createHttps(PAIR, (_, response) => void response.end(OBJECT))
  return requestObject(t, issuer, server, 'https://localhost')
}

/** Sends an authorization request whose object is at this host of a client, and returns its status. */
async function fetchObject(t: Test, issuer: string, host: string): Promise<number> {
  const server = createHttp((_, response) => void response.end(OBJECT))
  return requestObject(t, issuer, server, `http://${host}`)
}

async function requestObject(t: Test, issuer: string, server: Server, origin: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => server.close())
  const request_uri = `${origin}:${(server.address() as AddressInfo).port}/`
  return (await authorize(issuer, { request_uri })).status
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** A request object without a signature. */
const OBJECT = `${part({ alg: 'none' })}.${part({ client_id: 'app' })}.`

async function discover(issuer: string): Promise<unknown> {
  return (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
}

async function statusOf(issuer: string, ca: string): Promise<number> {
  return (await createFetch(ca)(`${issuer}/healthz`)).status
}

/** Sends an authorization request and returns the response. */
export function authorize(issuer: string, query: Record<string, string> = {}, init?: RequestInit): Promise<Response> {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid email', ...query }
  return fetch(`${issuer}/oauth2/authorize?${new URLSearchParams(all)}`, { redirect: 'manual', ...init })
}

export async function loginPage(issuer: string): Promise<string> {
  return (await authorize(issuer)).text()
}

/** Logs in by one HTTP request and returns the code. */
export async function logIn(issuer: string, sub = 'alice'): Promise<string> {
  const answer = await authorize(issuer, {}, { method: 'POST', body: new URLSearchParams({ sub }) })
  return locationOf(answer).get('code') ?? ''
}

export function exchange(issuer: string, code: string): Promise<Record<string, unknown>> {
  return postToken(issuer, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI })
}

export async function getTokens(issuer: string, sub?: string): Promise<Record<string, unknown>> {
  return exchange(issuer, await logIn(issuer, sub))
}

export async function postToken(issuer: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const body = new URLSearchParams({ client_id: 'app', ...form })
  const answer = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })
  return (await answer.json()) as Record<string, unknown>
}

export async function userinfo(issuer: string, sub: string): Promise<Record<string, unknown>> {
  const { access_token } = await getTokens(issuer, sub)
  const answer = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
  return (await answer.json()) as Record<string, unknown>
}

/** Writes a file and returns its path. */
export function write(folder: string, name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** Returns a port on which no program listens. */
export async function findFreePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

function locationOf(answer: Response): URLSearchParams {
  return new URL(answer.headers.get('location') ?? 'about:blank').searchParams
}

async function refusalOf(issuer: string): Promise<string> {
  const answer = locationOf(await authorize(issuer))
  return `${answer.get('error')}: ${answer.get('error_description')}`
}

/** Returns the lifetimes of the access token and the ID token, in seconds. */
function lifetimesOf({ expires_in, id_token }: Record<string, unknown>): [unknown, number] {
  const { iat, exp } = JSON.parse(Buffer.from(String(id_token).split('.')[1]!, 'base64url').toString())
  return [expires_in, exp - iat]
}

/** Moves the clock by two seconds, after which a lifetime of one second is over. */
async function advance(issuer: string): Promise<void> {
  const body = JSON.stringify({ by: 2 })
  await fetch(`${issuer}/admin/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

/** A successful request for each endpoint. */
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { REDIRECT_URI } from '../app.js'
import { type Started, start } from '../provider.js'
import { jsonOf, type Received, type Rule, type Sent, send } from './wire.js'

export type Ask = (sent?: Sent) => Promise<Received>

/** Starts a provider with fault rules and one user. */
export function startFaulty(t: Test, rule: Rule | readonly Rule[], config: ConfigInput = {}): Promise<Started> {
  const users = [{ sub: 'alice', claims: { email: 'alice@example.com' } }]
  return start(t, { users, faults: [rule].flat(), ...config })
}

export type Prepared = (typeof PREPARED)[number]
export const PREPARED = [
  'jwks',
  'discovery',
  'webfinger',
  'registration',
  'authorization',
  'token',
  'userinfo',
  'introspection',
  'device_authorization',
  'device',
  'end_session',
  'check_session',
] as const

/** Prepares a request to each endpoint below the issuer's URL. The returned function sends it, repeatedly. */
export const PREPARE: Readonly<Record<Prepared, (url: string) => Promise<Ask>>> = {
  jwks: async (url) => (sent) => send(`${url}/jwks`, sent),
  discovery: async (url) => (sent) => send(`${url}/.well-known/openid-configuration`, sent),
  webfinger: async (url) => (sent) => {
    const rel = encodeURIComponent('http://openid.net/specs/connect/1.0/issuer')
    return send(`${url}/.well-known/webfinger?resource=acct:alice@localhost&rel=${rel}`, sent)
  },
  registration: async (url) => (sent) =>
    send(`${url}/oauth2/clients`, { json: { redirect_uris: [REDIRECT_URI], client_name: 'An app' }, ...sent }),
  authorization: async (url) => (sent) => send(authorizationUrl(url), sent),
  token: async (url) => {
    const code = await findCode(url)
    return (sent) => send(`${url}/oauth2/token`, { form: tokenForm(code), ...sent })
  },
  userinfo: async (url) => {
    const headers = { authorization: `Bearer ${(await getTokens(url)).access_token}` }
    return (sent) => send(`${url}/userinfo`, { headers, ...sent })
  },
  introspection: async (url) => {
    const form = { token: (await getTokens(url)).access_token!, client_id: 'app' }
    return (sent) => send(`${url}/oauth2/introspect`, { form, ...sent })
  },
  device_authorization: async (url) => (sent) =>
    send(`${url}/oauth2/device_authorization`, { form: { client_id: 'app', scope: 'openid' }, ...sent }),
  device: async (url) => (sent) => send(`${url}/oauth2/device`, sent),
  end_session: async (url) => (sent) => send(`${url}/oauth2/end_session`, sent),
  check_session: async (url) => (sent) => send(`${url}/oauth2/check_session`, sent),
}

export const tokenForm = (code: string) => ({
  grant_type: 'authorization_code',
  client_id: 'app',
  redirect_uri: REDIRECT_URI,
  code,
})

export function authorizationUrl(url: string): string {
  const parameters = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid email' }
  return `${url}/oauth2/authorize?${new URLSearchParams(parameters)}`
}

/** Logs in and returns the code. */
export async function findCode(url: string, sub = 'alice'): Promise<string> {
  const { headers } = await send(authorizationUrl(url), { form: { sub } })
  return new URL(headers.location!).searchParams.get('code')!
}

export async function getTokens(url: string, sub?: string): Promise<Record<string, string>> {
  const received = await send(`${url}/oauth2/token`, { form: tokenForm(await findCode(url, sub)) })
  return jsonOf(received) as Record<string, string>
}

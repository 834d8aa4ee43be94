/** Floods of records: one row per kind of record that a request can create, as large and dense as the bounds allow. */
import { createHmac } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { ConfigInput } from '../../src/generated/input.js'

const SECRET = 'a secret of 32 characters or more'
const REDIRECT_URI = 'http://127.0.0.1:1/callback'
export const ADMIN_TOKEN = 'admin-token'

/** Clients of the floods: one for logins, one that authenticates by assertions. */
export const CLIENTS: NonNullable<ConfigInput['clients']> = [
  {
    client_id: 'app',
    client_secret: SECRET,
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'client_secret_post',
  },
  {
    client_id: 'asserting',
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_jwt',
    grant_types: ['client_credentials'],
    redirect_uris: [],
  },
]
CLIENTS[0]!.grant_types = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Message {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const agent = new Agent({ keepAlive: true })

function send(url: string, { method = 'POST', headers = {}, body = '' }: Message): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (response) => {
      const chunks: Buffer[] = []
      response
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        )
    })
      .on('error', reject)
      .end(body)
  })
}

const JSON_HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` }
const sendJson = (url: string, body: string, method = 'POST') => send(url, { method, headers: JSON_HEADERS, body })
const sendForm = (url: string, fields: Readonly<Record<string, string>>) =>
  send(url, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })

const PKCE = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

/** Logs a user in, and answers the consent page if there is one. */
async function logIn(issuer: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const query = {
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    nonce: 'n',
    state: 's',
    ...PKCE,
  }
  return sendForm(`${issuer}/oauth2/authorize?${new URLSearchParams(query)}`, fields)
}

/** Logs a user in and redeems the code. Returns the token response. */
export async function logInWithTokens(issuer: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const login = await logIn(issuer, fields)
  const code = URL.canParse(String(login.headers.location))
    ? new URL(String(login.headers.location)).searchParams.get('code')
    : null
  if (code === null) return login
  return sendForm(`${issuer}/oauth2/token`, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    client_id: 'app',
    client_secret: SECRET,
    code_verifier: CODE_VERIFIER,
  })
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A client assertion, which the provider accepts once. RFC 7523 §3. */
function signAssertion(issuer: string, jti: string): string {
  const claims = {
    iss: 'asserting',
    sub: 'asserting',
    aud: `${issuer}/oauth2/token`,
    exp: Date.now() / 1000 + 600,
    jti,
  }
  const text = `${encode({ alg: 'HS256' })}.${encode({ ...claims, exp: Math.floor(claims.exp) })}`
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`
}

/** JSON texts of 240 kB. */
const SIZE = 240_000
const WIDE = '€'.repeat(SIZE / 3)
const MANY_OBJECTS = `[${'{},'.repeat(9000)}"${'€'.repeat(70_000)}"]`
const MANY_MEMBERS = JSON.stringify(Object.fromEntries(Array.from({ length: 19_000 }, (_, index) => [index, ''])))
const DEEP = `[${Array(210)
  .fill('['.repeat(90) + ']'.repeat(90))
  .join()},"${'x'.repeat(180_000)}"]`
const TOO_MANY = `[${'{},'.repeat(SIZE / 3)}{}]`
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis',
  y: 'y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE',
}

const putUser = (claims: string) => (issuer: string, count: number) =>
  sendJson(`${issuer}/admin/users/user-${count}`, `{"claims":{"x":${claims}}}`, 'PUT')
const register = (members: string) => (issuer: string) =>
  sendJson(`${issuer}/oauth2/clients`, `{"redirect_uris":["https://rp.example/callback"],${members}}`)
const texts = (count: number, length: number) =>
  JSON.stringify(Array.from({ length: count }, (_, index) => `https://rp.example/${index}/${'x'.repeat(length)}`))

/** Sends a request to an issuer that creates a record; `count` is different each time. */
export type Flood = (issuer: string, count: number) => Promise<Answer>

export const FLOODS: Readonly<Record<string, Flood>> = {
  'users with many objects': putUser(MANY_OBJECTS),
  'users with many members': putUser(MANY_MEMBERS),
  'users with long texts': putUser(`"${WIDE}"`),
  'users with deep lists': putUser(DEEP),
  'users with too many values': putUser(TOO_MANY),
  'users by PUT /users': (issuer, count) => sendJson(`${issuer}/users/u${count}`, `{"x":${MANY_OBJECTS}}`, 'PUT'),
  'clients that register with dense keys': register(
    `"jwks":{"keys":[${JSON.stringify({ ...KEY, x5c: [] }).replace('[]', MANY_OBJECTS)}]}`,
  ),
  'clients that register with long metadata': register(`"contacts":${texts(100, 2000)},"client_name":"€"`),
  'clients by PUT': (issuer, count) =>
    sendJson(
      `${issuer}/admin/clients/client-${count}`,
      `{"redirect_uris":${texts(8000, 1)},"token_endpoint_auth_method":"none"}`,
      'PUT',
    ),
  'logins with codes, sessions, grants, consents and users': (issuer, count) =>
    logIn(issuer, { sub: `user-${count}-${'u'.repeat(200)}`, action: 'allow', pad: 'x'.repeat(100_000) }),
  'logins with access and refresh tokens': (issuer, count) =>
    logInWithTokens(issuer, { sub: `t${count}`, action: 'allow' }),
  'minted tokens': (issuer, count) =>
    sendJson(`${issuer}/admin/tokens`, `{"sub":"m${count % 50}","client_id":"app","claims":{"x":${MANY_OBJECTS}}}`),
  'device codes': (issuer, count) =>
    sendForm(`${issuer}/oauth2/device_authorization`, {
      client_id: 'app',
      client_secret: SECRET,
      scope: `openid ${'s'.repeat(8000)} ${count}`,
    }),
  'self logins': (issuer) => sendForm(`${issuer}/oidc/login`, {}),
  'used jtis': (issuer, count) =>
    sendForm(`${issuer}/oauth2/token`, {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signAssertion(issuer, `${count}${'j'.repeat(5500)}`),
    }),
  'request objects': (issuer, count) => {
    const claims = { state: `${count}`, claims: { userinfo: { a: { values: Array(12_000).fill({}) } } } }
    const request = `${encode({ alg: 'none' })}.${encode(claims)}.`
    return sendForm(`${issuer}/oauth2/authorize`, {
      client_id: 'app',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid',
      ...PKCE,
      request,
    })
  },
  'fault rules': (issuer) =>
    sendJson(
      `${issuer}/admin/faults`,
      `{"fault":"token.error","error":"invalid_grant","match":{"client_id":${texts(3000, 50)}}}`,
    ),
  'fault counters': async (issuer, count) => {
    const faults = [
      { fault: 'token.error', error: 'invalid_grant', probability: 0.5, match: { client_id: `${count}` } },
    ]
    await sendJson(`${issuer}/admin/users/f${count % 20}`, JSON.stringify({ faults }), 'PUT')
    return send(`${issuer}/admin/faults`, { method: 'GET', headers: JSON_HEADERS })
  },
  keys: (issuer, count) =>
    sendJson(`${issuer}/admin/keys/rotate`, `{"alg":"ES256","publish_ahead":1000,"kid":"${count}${'k'.repeat(200)}"}`),
  decoys: async (issuer) => {
    await sendJson(`${issuer}/admin/keys/break`, '{"how":"wrong_keys"}')
    return send(`${issuer}/jwks`, { method: 'GET' })
  },
  'clock settings': (issuer) => sendJson(`${issuer}/admin/clock/advance`, '{"by":"1s"}'),
  'journal entries with large bodies': (issuer) =>
    sendForm(`${issuer}/oauth2/token`, { grant_type: '€', a: WIDE.slice(0, 26_000) }),
  'journal entries with many parameters': (issuer) =>
    sendForm(
      `${issuer}/oauth2/token`,
      Object.fromEntries(Array.from({ length: 990 }, (_, index) => [`€${index}`, 'x'])),
    ),
  'journal entries with new remarks': (issuer, count) =>
    sendForm(`${issuer}/oauth2/authorize?client_id=other&response_type=code`, { scope: `${'€'.repeat(900)}${count}` }),
}

/** Figures of a flood: the number of responses by status, and the first response of each status that is an error. */
export interface Flooded {
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, string>>
}

/** Sends requests on many connections for a time. */
export async function flood(
  flood: Flood,
  { issuerAt, time, connections }: { issuerAt: (count: number) => string; time: number; connections: number },
): Promise<Flooded> {
  const statuses: Record<string, number> = {}
  const errors: Record<string, string> = {}
  const end = performance.now() + time
  let count = 0
  const work = async () => {
    while (performance.now() < end) {
      count += 1
      const { status, body } = await flood(issuerAt(count), count)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status >= 400) errors[status] ??= body.slice(0, 200)
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  return { statuses, errors }
}

/** Closes the connections. */
export const closeConnections = (): void => agent.destroy()

/** The issuer and every URL, for browsers and for back ends. */
import { type Test, test } from 'tap'
import type { ConfigInput } from '../src/generated/input.js'
import { createApp, createOwnApp, getTokens } from './app.js'

type Document = Record<string, string>

async function discover(
  t: Test,
  config: ConfigInput,
  headers: Record<string, string> = {},
  path = '',
): Promise<Document> {
  const { get } = await createApp(t, config)
  const all = { host: 'localhost:9400', ...headers }
  return (await get(`${path}/.well-known/openid-configuration`, { headers: all })).json<Document>()
}

/** The issuer, the URL for browsers and the URL for back ends. */
const basesOf = ({ issuer, authorization_endpoint, end_session_endpoint, token_endpoint, ...rest }: Document) => {
  const [front, back] = [authorization_endpoint!.slice(0, -17), token_endpoint!.slice(0, -13)]
  const consistent =
    end_session_endpoint === `${front}/oauth2/end_session` &&
    rest.jwks_uri === `${back}/jwks` &&
    rest.userinfo_endpoint === `${back}/userinfo` &&
    rest.registration_endpoint === `${back}/oauth2/clients`
  return consistent ? [issuer, front, back] : 'endpoints of one side differ'
}

const PUBLIC = 'https://id.example/auth'
const INTERNAL = 'http://op:9400'
const HERE = 'http://localhost:9400'

const CASES: [string, ConfigInput, [string, string, string]][] = [
  ['nothing configured', {}, [HERE, HERE, HERE]],
  ['a fixed issuer', { issuer: PUBLIC }, [PUBLIC, PUBLIC, PUBLIC]],
  ['a slash at its end stays', { issuer: `${PUBLIC}/` }, [`${PUBLIC}/`, PUBLIC, PUBLIC]],
  ['public_url is the issuer as well', { public_url: PUBLIC }, [PUBLIC, PUBLIC, PUBLIC]],
  ['as it was written', { public_url: `${PUBLIC}/` }, [`${PUBLIC}/`, PUBLIC, PUBLIC]],
  ['internal_url alone', { internal_url: `${INTERNAL}/` }, [HERE, HERE, INTERNAL]],
  ['both sides', { public_url: PUBLIC, internal_url: INTERNAL }, [PUBLIC, PUBLIC, INTERNAL]],
  ['an issuer that browsers do not visit', { issuer: INTERNAL, public_url: PUBLIC }, [INTERNAL, PUBLIC, INTERNAL]],
  ['a base path', { server: { base_path: '/auth/' } }, [`${HERE}/auth`, `${HERE}/auth`, `${HERE}/auth`]],
]

for (const [name, config, expected] of CASES) {
  test(`${name}: issuer, URLs for browsers and URLs for back ends`, async (t) => {
    t.strictSame(basesOf(await discover(t, config)), expected)
    const isolated = expected.map((base) => `${base.replace(/\/$/, '')}/issuers/one`)
    t.strictSame(basesOf(await discover(t, config, {}, '/issuers/one')), isolated, 'isolated issuers follow')
  })
}

test('issuer, public_url and internal_url can differ', async (t) => {
  const config = { issuer: 'http://iss.example/x', public_url: PUBLIC, internal_url: INTERNAL }
  t.strictSame(basesOf(await discover(t, config)), ['http://iss.example/x', PUBLIC, INTERNAL])
  const { id_token } = await getTokens(await createApp(t, config))
  t.equal(JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()).iss, 'http://iss.example/x')
})

test('forwarded headers of trusted proxies are used', async (t) => {
  const forwarded = { 'x-forwarded-host': 'id.example', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/auth/' }
  const issuerFor = async (trust_forwarded: boolean | string[], headers: Record<string, string> = forwarded) =>
    (await discover(t, { server: { trust_forwarded } }, headers)).issuer
  t.equal(await issuerFor(true), 'https://id.example/auth')
  t.equal(await issuerFor(false), HERE)
  t.equal(await issuerFor(['127.0.0.1']), 'https://id.example/auth')
  t.equal(await issuerFor(['10.0.0.0/8']), HERE)
  t.equal(
    await issuerFor(true, { 'x-forwarded-prefix': '/a/b, /c' }),
    `${HERE}/a/b`,
    'the first is what the browser saw',
  )
  t.equal(await issuerFor(true, { 'x-forwarded-prefix': '' }), HERE)
})

test('a forwarded prefix replaces the base path, and is removed from the URL', async (t) => {
  const { get } = await createApp(t, { server: { base_path: '/auth' } })
  const ask = (url: string, prefix: string) =>
    get(`${url}/.well-known/openid-configuration`, { headers: { host: 'a', 'x-forwarded-prefix': prefix } })
  t.equal((await ask('', '/sso')).json<Document>().issuer, 'http://a/sso')
  t.equal((await ask('/sso', '/sso')).json<Document>().issuer, 'http://a/sso')
  t.equal((await ask('', '/')).json<Document>().issuer, 'http://a', 'said to be at the root')
})

test('an invalid forwarded host, scheme or port is refused', async (t) => {
  const { get } = await createApp(t)
  for (const [name, value] of [
    ['x-forwarded-host', 'a/b'],
    ['x-forwarded-proto', 'constructor'],
    ['x-forwarded-port', '80x'],
  ] as const) {
    t.equal((await get('/jwks', { headers: { host: 'a', [name]: value } })).statusCode, 400, name)
  }
  const ports = { host: 'a:1', 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' }
  t.equal((await get('/.well-known/openid-configuration', { headers: ports })).json<Document>().issuer, 'https://a')
})

test('a prefix that would change the target of links is refused', async (t) => {
  const { get } = await createApp(t)
  for (const prefix of [
    '//evil.example',
    '/a/../b',
    '/..',
    '/.',
    'auth',
    '/a b',
    '/"><script>',
    `/${'a'.repeat(65)}`,
    '/a//b',
  ]) {
    const answer = await get('/.well-known/openid-configuration', {
      headers: { host: 'a', 'x-forwarded-prefix': prefix },
    })
    t.equal(answer.statusCode, 400, prefix)
    t.match(answer.json<Document>(), {
      error: 'invalid_request',
      error_description: /X-Forwarded-Prefix is .*expected a path such as/,
    })
  }
})

test('the same routes are served below the base path and at the root', async (t) => {
  const { get, post } = await createApp(t, { server: { base_path: '/oidc' } })
  const ok = async (url: string) => (await get(url, { headers: { host: 'a' } })).statusCode
  for (const url of [
    '/oidc',
    '/oidc/',
    '/oidc?x=1',
    '/',
    '/oidc/jwks',
    '/jwks',
    '/oidc//jwks',
    '/oidc/issuers/one/jwks',
  ]) {
    t.equal(await ok(url), 200, url)
  }
  t.equal(await ok('/oidc/oidc/login'), 200)
  t.equal(await ok('/oidc/login'), 200, 'a path of its own, though it begins like the base path')
  t.equal(await ok('/oidc/healthz'), 200)
  for (const url of ['/oidcx/jwks', '/other/jwks', '/oidc/other']) t.equal(await ok(url), 404, url)
  const home = (await get('/', { headers: { host: 'a', accept: 'text/html' } })).body
  t.match(home, 'href="/oidc/oidc/login"')
  t.match(home, 'href="/oidc/.well-known/openid-configuration"')
  const started = await post('/oidc/login', undefined, { headers: { host: 'a' } })
  t.match(started.headers.location, /^\/oidc\/oauth2\/authorize\?/)
  t.match(started.headers['set-cookie'], 'Path=/oidc;')
})

test('a host that differs from the configuration is logged once', async (t) => {
  // A server warns once about each host.
  const { get, log, reload } = await createOwnApp(t, { public_url: PUBLIC, internal_url: INTERNAL })
  const visit = (host: string, proto = 'http') => get('/jwks', { headers: { host, 'x-forwarded-proto': proto } })
  const warnings = () =>
    log.filter(({ level, msg }) => level === 40 && /^requested as/.test(String(msg))).map(({ msg }) => msg)
  await visit('id.example', 'https')
  await visit('op:9400')
  await get('/healthz', { headers: { host: '127.0.0.1' } })
  t.strictSame(warnings(), [], 'each configured name is right, and so are probes')
  await visit('localhost:9400')
  await visit('localhost:9400')
  await get('/issuers/one/jwks', { headers: { host: 'localhost:9400' } })
  t.equal(warnings().length, 1)
  t.match(
    warnings()[0],
    /^requested as http:\/\/localhost:9400\S*, but the issuer is https:\/\/id\.example\/auth: .* set internal_url .* doctor http:\/\/localhost:9400/,
  )
  t.equal((await visit('256.256.256.256')).statusCode, 400)
  t.equal(warnings().length, 1, 'a host that no URL can have is refused, not logged')
  for (let number = 0; number < 30; number += 1) await visit(`host-${number}`)
  t.equal(warnings().length, 20, 'names that somebody makes up do not fill the log')
  await reload({})
  await visit('another')
  t.equal(warnings().length, 20, 'nothing is contradicted where nothing is configured')
})

/** compose.example.yml: a valid Compose file in which oauth2-proxy and the provider use the same URLs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client'
import { test } from 'tap'
import { ROOT } from '../root.js'
import { accepts, execute, missing, readYaml, serveFolder } from './programs.js'

interface Compose {
  readonly services: Readonly<Record<'op' | 'oauth2-proxy' | 'site', Service>>
}

interface Service {
  readonly image: string
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck: object
}

const FILE = 'compose.example.yml'
const { services } = readYaml<Compose>(FILE)
const proxy = services['oauth2-proxy']
const settings = proxy.environment!
const CONFIG = join(ROOT, 'examples/compose/config')

test('the file is valid by the Compose Specification', { skip: missing('compose-spec') }, async (t) => {
  accepts(t, await execute('compose-spec', ['-format', 'json', FILE]))
  const bad = t.testdir({ 'compose.yml': 'services: { op: { image: op, helthcheck: {} } }\n' })
  const refused = await execute('compose-spec', [join(bad, 'compose.yml')])
  t.not(refused.code, 0, 'the validator refuses what is none')
  t.match(refused.said, 'helthcheck')
})

test('a service starts when its dependencies are healthy', async (t) => {
  t.strictSame(proxy.depends_on, { op: { condition: 'service_healthy' }, site: { condition: 'service_healthy' } })
  for (const [name, { healthcheck, image }] of Object.entries(services)) {
    t.ok(healthcheck, `${name} has a health check`)
    t.match(image, /:(dev|v?[0-9]+\.[0-9.]+(-alpine)?)$/, `${name} has a version`)
  }
})

test('each mount is an existing folder, so that its files can change', async (t) => {
  for (const volume of Object.values(services).flatMap((service) => service.volumes ?? [])) {
    const [source = '', , mode] = volume.split(':')
    t.ok(existsSync(join(ROOT, source, '.')), source)
    t.equal(mode, 'ro')
  }
})

test('discovery gives the browser the published port and oauth2-proxy the name of the service', async (t) => {
  const url = await serveFolder(t, CONFIG)
  const metadata = (await (await fetch(`${url}/.well-known/openid-configuration`)).json()) as Record<string, string>
  t.equal(metadata.issuer, settings.OAUTH2_PROXY_OIDC_ISSUER_URL)
  const inside = new URL(metadata.issuer!)
  t.ok(Object.hasOwn(services, inside.hostname), `${inside.hostname} is a service`)
  t.strictSame(services.op.ports, [`127.0.0.1:9400:${inside.port}`])
  t.equal(new URL(metadata.authorization_endpoint!).origin, 'http://localhost:9400')
  for (const name of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint']) {
    t.equal(new URL(metadata[name]!).origin, inside.origin, name)
  }
})

test('the settings of oauth2-proxy log a user in', async (t) => {
  const url = await serveFolder(t, CONFIG)
  const client_id = settings.OAUTH2_PROXY_CLIENT_ID!
  const redirect_uri = settings.OAUTH2_PROXY_REDIRECT_URL!
  const code_verifier = randomPKCECodeVerifier()
  const query = new URLSearchParams({
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: settings.OAUTH2_PROXY_SCOPE!,
    state: 'state',
    nonce: 'nonce',
    code_challenge: await calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: settings.OAUTH2_PROXY_CODE_CHALLENGE_METHOD!,
  })
  const answer = await fetch(`${url}/oauth2/authorize?${query}`, {
    method: 'POST',
    body: new URLSearchParams({ sub: 'alice' }),
    redirect: 'manual',
  })
  const callback = new URL(answer.headers.get('location')!)
  t.equal(callback.origin + callback.pathname, redirect_uri)
  const code = callback.searchParams.get('code')!
  const secret = Buffer.from(`${client_id}:${settings.OAUTH2_PROXY_CLIENT_SECRET}`).toString('base64')
  const exchange = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${secret}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri, code_verifier }),
  })
  const { id_token } = (await exchange.json()) as { id_token: string }
  const keys = createLocalJWKSet((await (await fetch(`${url}/jwks`)).json()) as JSONWebKeySet)
  const issuer = settings.OAUTH2_PROXY_OIDC_ISSUER_URL!
  const { payload } = await jwtVerify(id_token, keys, { issuer, audience: client_id })
  t.match(payload, { email: 'alice@example.com', email_verified: true, groups: ['staff', 'admins'], nonce: 'nonce' })
})

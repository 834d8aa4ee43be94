/**
 * Libraries of other languages, unmodified and with their default settings, at a provider with the configuration of the README.
 * `test/install_relying_parties.sh` installs them; the tests of a missing one are skipped.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as client from 'openid-client'
import { type Test, test } from 'tap'
import { type Serving, serve } from '../cli/program.js'
import { listBlocks } from '../docs/markdown.js'
import { ROOT } from '../root.js'
import { INSTALLED, missing } from './installed.js'

const REDIRECT_URI = 'http://localhost:3000/callback'
const README_CONFIG = listBlocks().find(({ page, language }) => page === 'README.md' && language === 'yaml')!.text

const HERE = join(ROOT, 'test/relying_parties')
const run = promisify(execFile)

/** Starts a provider with the configuration of the README, whose client has this redirect URI. */
async function start(t: Test, args: readonly string[] = [], redirect_uri = REDIRECT_URI): Promise<Serving> {
  t.match(README_CONFIG, REDIRECT_URI)
  return await serve(t, ['--config-inline', README_CONFIG.replace(REDIRECT_URI, redirect_uri), ...args])
}

/** Returns the result of a program in Python, which logs alice in. */
async function runPython(name: string, env: Readonly<Record<string, string>>): Promise<unknown> {
  const program = join(HERE, 'python', `${name}.py`)
  const { stdout } = await run(join(INSTALLED, 'python/bin/python'), ['-W', 'ignore', program], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', REDIRECT_URI, ...env },
  })
  return JSON.parse(stdout)
}

const ALICE = { sub: 'alice', name: 'Alice Anders', email: 'alice@example.com' }

test('openid-client logs in with its default method', async (t) => {
  const { issuer } = await start(t)
  const options = { execute: [client.allowInsecureRequests] }
  const configuration = await client.discovery(new URL(issuer), 'my-app', 'my-secret', undefined, options)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email groups',
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const callback = await logIn(url.href)
  const tokens = await client.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier, expectedState })
  t.equal(tokens.claims()!.sub, 'alice')
  t.match(await client.fetchUserInfo(configuration, tokens.access_token, 'alice'), { ...ALICE, groups: ['admins'] })
  t.type((await client.refreshTokenGrant(configuration, tokens.refresh_token!)).access_token, 'string')
})

test('Authlib logs in with client_secret_post', { skip: missing('python') }, async (t) => {
  const { issuer: ISSUER } = await start(t)
  t.match(await runPython('authlib_login', { ISSUER }), {
    sub: 'alice',
    userinfo: { sub: 'alice', groups: ['admins'] },
    refreshed: true,
  })
})

test('mozilla-django-oidc logs in', { skip: missing('python') }, async (t) => {
  const { issuer: ISSUER } = await start(t)
  t.strictSame(await runPython('mozilla_django_oidc_login', { ISSUER }), { email: ALICE.email })
})

test('django-allauth logs in', { skip: missing('python') }, async (t) => {
  const { issuer: ISSUER } = await start(t, [], 'http://localhost:3000/accounts/oidc/mock/login/callback/')
  t.strictSame(await runPython('allauth_login', { ISSUER }), { email: ALICE.email, uid: 'alice' })
})

/** Starts a provider over https, as MSAL requires, and returns the environment of its client. */
async function startWithTls(t: Test, ...args: string[]) {
  const ca = join(t.testdir({}), 'ca.pem')
  const { issuer, line } = await start(t, ['--tls-self-signed', '--tls-ca-file', ca, ...args])
  const started = JSON.parse(await line(/listening/)) as { issuer: string }
  return { url: issuer, ISSUER: started.issuer, REQUESTS_CA_BUNDLE: ca }
}

test('MSAL Python logs in with oidc_authority, which needs https and a path', {
  skip: missing('python'),
}, async (t) => {
  const { url, ...env } = await startWithTls(t)
  const MSAL_OPTIONS = JSON.stringify({ oidc_authority: `${url}/issuers/msal` })
  t.strictSame(await runPython('msal_login', { ...env, MSAL_OPTIONS }), { sub: 'alice', refreshed: true })
})

test('MSAL Python logs in with the tenant of the preset entra as authority', { skip: missing('python') }, async (t) => {
  const { url: _url, ...env } = await startWithTls(t, '--preset', 'entra')
  const authority = env.ISSUER.replace(/\/v2\.0$/, '')
  const MSAL_OPTIONS = JSON.stringify({ authority, instance_discovery: false })
  t.strictSame(await runPython('msal_login', { ...env, MSAL_OPTIONS }), { sub: 'alice', refreshed: true })
})

test('Spring Security accepts access tokens of the presets with issuer-uri', { skip: missing('spring') }, async (t) => {
  const presets = ['keycloak', 'entra', 'auth0']
  const pairs: string[] = []
  for (const preset of presets) {
    const { line } = await start(t, ['--preset', preset])
    const { issuer } = JSON.parse(await line(/listening/)) as { issuer: string }
    pairs.push(issuer, await accessToken(issuer))
  }
  const { issuer } = await start(t)
  pairs.push(issuer, await accessToken(issuer))
  const options = [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-cp',
    readFileSync(join(INSTALLED, 'spring.classpath'), 'utf8'),
  ]
  const { stdout } = await run('java', [...options, join(HERE, 'spring/AccessToken.java'), ...pairs])
  const [withoutPreset, ...accepted] = stdout.trimEnd().split('\n').reverse()
  for (const [index, preset] of presets.toReversed().entries()) t.equal(accepted[index], 'accepted: alice', preset)
  // RFC 9068 §2.1 requires this type, which Spring Security refuses unless a decoder is configured for it.
  t.match(withoutPreset, /^refused: .*at\+jwt/)
})

/** Sends the form of the login page. Returns the URL of the application to which the browser is redirected. */
async function logIn(url: string): Promise<URL> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ sub: 'alice' }), redirect: 'manual' })
  if (answer.status !== 302) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return new URL(answer.headers.get('location')!)
}

/** Logs in and returns the access token. */
async function accessToken(issuer: string): Promise<string> {
  const discovery = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const server = (await discovery.json()) as { authorization_endpoint: string; token_endpoint: string }
  const query = { client_id: 'my-app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid profile' }
  const callback = await logIn(`${server.authorization_endpoint}?${new URLSearchParams(query)}`)
  const answer = await fetch(server.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code')!,
      redirect_uri: REDIRECT_URI,
      client_id: 'my-app',
      client_secret: 'my-secret',
    }),
  })
  const { access_token } = (await answer.json()) as { access_token: string }
  return access_token
}

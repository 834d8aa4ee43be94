/** The settings of docs/security.md protect against the attacks that the page lists. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { generateKeyPair, SignJWT } from 'jose'
import { type Test, test } from 'tap'
import { serve } from './cli/program.js'
import { listBlocks } from './docs/markdown.js'
import { createFetch } from './fetch.js'

const [LAPTOP, CONTAINER, CI, PREVIEW, ...OTHERS] = listBlocks()
  .filter(({ page, language }) => page === 'docs/security.md' && language === 'yaml')
  .map(({ text }) => text)

const SECRETS = { ADMIN_TOKEN: 'secret-admin', REGISTRATION_TOKEN: 'secret-registration', SHOP_SECRET: 'secret-shop' }
const SHOP = 'https://shop.preview.example.com'

const ask = createFetch()

/** Serves the settings, on the loopback address unless the arguments say otherwise. */
async function serveSettings(t: Test, settings: string | undefined, args: readonly string[] = ['--host', '127.0.0.1']) {
  const file = join(t.testdir({}), 'config.yaml')
  writeFileSync(file, settings!)
  return await serve(t, ['--config', file, ...args], SECRETS)
}

const servePreview = (t: Test) => serveSettings(t, PREVIEW, ['--host', '127.0.0.1', '--admin-port', '0'])

/** Puts a user by the admin API and returns the status. */
async function putUser(url: string, headers: Record<string, string>): Promise<number> {
  const sent = { method: 'PUT', headers: { 'content-type': 'application/json', ...headers }, body: '{}' }
  return (await ask(`${url}/admin/users/mallory`, sent)).status
}

const authorization = (query: Record<string, string>) =>
  `/oauth2/authorize?${new URLSearchParams({ response_type: 'code', scope: 'openid', ...query })}`

test('the page has settings for a laptop, a container, a CI job and a shared preview environment', async (t) => {
  t.strictSame(OTHERS, [])
})

for (const [place, settings, args] of [
  ['on a laptop', LAPTOP, undefined],
  ['in a container on a laptop', CONTAINER, []],
] as const) {
  test(`${place}, pages of other sites cannot use /admin, and programs can`, async (t) => {
    const { issuer } = await serveSettings(t, settings, args)
    const { port } = new URL(issuer)
    const local = `http://127.0.0.1:${port}`
    t.equal(await putUser(local, { origin: 'https://evil.example' }), 403)
    t.equal(await putUser(local, { 'sec-fetch-site': 'cross-site' }), 403)
    const rebound = `evil.example:${port}`
    t.equal(await putUser(local, { host: rebound, origin: `http://${rebound}` }), 403)
    t.equal((await ask(`${local}/admin/journal`, { headers: { host: rebound } })).status, 403)
    t.equal(await putUser(local, {}), 201)
    t.equal((await ask(`${local}/admin/journal`, { headers: { host: `localhost:${port}` } })).status, 200)
  })
}

test('in a container on a laptop, other containers use /admin by the name of the service', async (t) => {
  const { issuer } = await serveSettings(t, CONTAINER, [])
  t.equal(await putUser(`http://127.0.0.1:${new URL(issuer).port}`, { host: 'op:9400' }), 201)
})

test('in CI, a request is refused that a real provider refuses', async (t) => {
  const { issuer } = await serveSettings(t, CI)
  const status = async (query: Record<string, string>) => (await ask(issuer + authorization(query))).status
  t.equal(await status({ client_id: 'my-app', redirect_uri: 'http://localhost:3000/callback' }), 200)
  t.equal(await status({ client_id: 'my-app', redirect_uri: 'http://localhost:3000/other' }), 400)
  t.equal(await status({ client_id: 'other', redirect_uri: 'http://localhost:3000/callback' }), 400)
})

test('in a preview environment, /admin of each issuer is on its own port and needs the token', async (t) => {
  const { issuer, line } = await servePreview(t)
  const [admin_url = ''] = /http:[^ "]+/.exec(await line(/admin API on/))!
  for (const path of ['/admin/users', '/issuers/mine/admin/journal', '/admin/openapi.json']) {
    const status = async (url: string, token?: string) =>
      (await ask(url + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status
    t.equal(await status(issuer, SECRETS.ADMIN_TOKEN), 404, path)
    t.equal(await status(admin_url), 401, path)
    t.equal(await status(admin_url, 'another'), 401, path)
    t.equal(await status(admin_url, SECRETS.ADMIN_TOKEN), 200, path)
  }
  t.strictSame([await putUser(issuer, {}), await putUser(admin_url, {})], [404, 401])
})

test('in a preview environment, a registration needs its token', async (t) => {
  const { issuer } = await servePreview(t)
  const status = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ redirect_uris: ['https://evil.example/callback'] })
    return (
      await ask(`${issuer}/oauth2/clients`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
    ).status
  }
  t.equal(await status({}), 401)
  t.equal(await status({ authorization: `Bearer ${SECRETS.REGISTRATION_TOKEN}` }), 201)
})

test('in a preview environment, codes go to registered URIs only', async (t) => {
  const { issuer } = await servePreview(t)
  const status = async (redirect_uri: string) =>
    (await ask(issuer + authorization({ client_id: 'shop', redirect_uri }))).status
  t.equal(await status(`${SHOP}/callback`), 200)
  t.equal(await status('https://evil.example/callback'), 400)
})

test('in a preview environment, headers of strangers do not change the URLs of the provider', async (t) => {
  const { issuer } = await servePreview(t)
  const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const text = await (await ask(`${issuer}/.well-known/openid-configuration`, { headers })).text()
  t.notMatch(text, 'evil.example')
  t.match(JSON.parse(text), { issuer: 'https://login.preview.example.com' })
})

test('in a preview environment, scripts of listed origins only read answers', async (t) => {
  const { issuer } = await servePreview(t)
  const allowed = async (origin: string) =>
    (await ask(`${issuer}/jwks`, { headers: { origin } })).headers.get('access-control-allow-origin')
  t.equal(await allowed(SHOP), SHOP)
  t.equal(await allowed('https://evil.example'), null)
})

test('in a preview environment, addresses that clients choose are not called', async (t) => {
  const { issuer } = await servePreview(t)
  let connections = 0
  const destination = createServer((socket) => {
    connections++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  t.teardown(() => destination.close())
  await once(destination, 'listening')
  const { port } = destination.address() as AddressInfo
  const client = {
    redirect_uris: [`${SHOP}/callback`],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `https://127.0.0.1:${port}/jwks`,
  }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.REGISTRATION_TOKEN}` }
  const registered = await ask(`${issuer}/oauth2/clients`, { method: 'POST', headers, body: JSON.stringify(client) })
  const { client_id } = (await registered.json()) as { client_id: string }
  const { privateKey } = await generateKeyPair('ES256')
  const assertion = await new SignJWT({ jti: 'one' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(client_id)
    .setSubject(client_id)
    .setAudience('https://login.preview.example.com')
    .setExpirationTime('1m')
    .sign(privateKey)
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  const answer = await ask(`${issuer}/oauth2/token`, { method: 'POST', body })
  t.match(await answer.json(), { error: 'invalid_client', error_description: /jwks_uri/ })
  t.equal(connections, 0)
})

test('in a preview environment, no secret is in the log or at /healthz', async (t) => {
  const { issuer, end } = await servePreview(t)
  await ask(`${issuer}/admin/users`, { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } })
  const health = await (await ask(`${issuer}/healthz`)).text()
  const { stdout, stderr } = await end()
  t.match(stdout, /listening on/)
  for (const secret of Object.values(SECRETS)) t.notMatch(health + stdout + stderr, secret)
})

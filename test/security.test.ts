/** The settings of docs/security.md protect against the attacks that the page lists. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { serve } from './cli/program.js'
import { listBlocks } from './docs/markdown.js'
import { createFetch } from './fetch.js'

const [LAPTOP, CI, PREVIEW, ...OTHERS] = listBlocks()
  .filter(({ page, language }) => page === 'docs/security.md' && language === 'yaml')
  .map(({ text }) => text)

const SECRETS = { ADMIN_TOKEN: 'secret-admin', REGISTRATION_TOKEN: 'secret-registration', SHOP_SECRET: 'secret-shop' }
const SHOP = 'https://shop.preview.example.com'

const ask = createFetch()

/** Serves the settings on the loopback address and returns its URL there, and the log. */
async function serveSettings(t: Test, settings: string | undefined) {
  const file = join(t.testdir({}), 'config.yaml')
  writeFileSync(file, settings!)
  return await serve(t, ['--config', file, '--host', '127.0.0.1'], SECRETS)
}

const authorization = (query: Record<string, string>) =>
  `/oauth2/authorize?${new URLSearchParams({ response_type: 'code', scope: 'openid', ...query })}`

test('the page has settings for a laptop, a CI job and a shared preview environment', async (t) => {
  t.strictSame(OTHERS, [])
})

test('on a laptop, pages of other sites cannot use /admin, and programs can', async (t) => {
  const { issuer } = await serveSettings(t, LAPTOP)
  const status = async (headers: Record<string, string>) =>
    (
      await ask(`${issuer}/admin/users/mallory`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      })
    ).status
  t.equal(await status({ origin: 'https://evil.example' }), 403)
  t.equal(await status({}), 201)
})

test('in CI, a request is refused that a real provider refuses', async (t) => {
  const { issuer } = await serveSettings(t, CI)
  const status = async (query: Record<string, string>) => (await ask(issuer + authorization(query))).status
  t.equal(await status({ client_id: 'my-app', redirect_uri: 'http://localhost:3000/callback' }), 200)
  t.equal(await status({ client_id: 'my-app', redirect_uri: 'http://localhost:3000/other' }), 400)
  t.equal(await status({ client_id: 'other', redirect_uri: 'http://localhost:3000/callback' }), 400)
})

test('in a preview environment, /admin of each issuer needs the token', async (t) => {
  const { issuer } = await serveSettings(t, PREVIEW)
  for (const path of ['/admin/users', '/issuers/mine/admin/journal', '/admin/openapi.json']) {
    const status = async (headers: Record<string, string>) => (await ask(issuer + path, { headers })).status
    t.equal(await status({}), 401, path)
    t.equal(await status({ authorization: 'Bearer change-me' }), 401, path)
    t.equal(await status({ authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` }), 200, path)
  }
  t.equal(
    (await ask(`${issuer}/users/alice`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }))
      .status,
    401,
  )
})

test('in a preview environment, a registration needs its token', async (t) => {
  const { issuer } = await serveSettings(t, PREVIEW)
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
  const { issuer } = await serveSettings(t, PREVIEW)
  const status = async (redirect_uri: string) =>
    (await ask(issuer + authorization({ client_id: 'shop', redirect_uri }))).status
  t.equal(await status(`${SHOP}/callback`), 200)
  t.equal(await status('https://evil.example/callback'), 400)
})

test('in a preview environment, headers of strangers do not change the URLs of the provider', async (t) => {
  const { issuer } = await serveSettings(t, PREVIEW)
  const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const text = await (await ask(`${issuer}/.well-known/openid-configuration`, { headers })).text()
  t.notMatch(text, 'evil.example')
  t.match(JSON.parse(text), { issuer: 'https://login.preview.example.com' })
})

test('in a preview environment, scripts of listed origins only read answers', async (t) => {
  const { issuer } = await serveSettings(t, PREVIEW)
  const allowed = async (origin: string) =>
    (await ask(`${issuer}/jwks`, { headers: { origin } })).headers.get('access-control-allow-origin')
  t.equal(await allowed(SHOP), SHOP)
  t.equal(await allowed('https://evil.example'), null)
})

test('in a preview environment, no secret is in the log or at /healthz', async (t) => {
  const { issuer, end } = await serveSettings(t, PREVIEW)
  await ask(`${issuer}/admin/users`, { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } })
  const health = await (await ask(`${issuer}/healthz`)).text()
  const { stdout, stderr } = await end()
  t.match(stdout, /listening on/)
  for (const secret of Object.values(SECRETS)) t.notMatch(health + stdout + stderr, secret)
})

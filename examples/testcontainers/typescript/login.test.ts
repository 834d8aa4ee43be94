/** A login against oidc-provider-mock in a container. Needs testcontainers and @types/node; run by `node --test`. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'

// The place where you publish the image.
const IMAGE = 'ghcr.io/oidc-provider-mock/oidc-provider-mock:0.1.0'
const REDIRECT_URI = 'http://localhost:8000/callback'

let container: StartedTestContainer
let issuer: string

before(async () => {
  container = await new GenericContainer(IMAGE)
    .withExposedPorts(9400)
    .withCopyFilesToContainer([
      { source: join(import.meta.dirname, '../users.yaml'), target: '/config/users.yaml', mode: 0o644 },
    ])
    .withWaitStrategy(Wait.forHttp('/healthz', 9400).forStatusCode(200))
    .start()
  // The port is chosen at start. With no `issuer` configured, the issuer follows the host of each request.
  issuer = `http://${container.getHost()}:${container.getMappedPort(9400)}`
})

after(() => container.stop())

test('alice logs in', async () => {
  const tokens = await logIn('alice')
  const answer = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  const claims = (await answer.json()) as Record<string, unknown>
  assert.equal(claims.email, 'alice@example.com')
  assert.deepEqual(claims.groups, ['staff', 'admins'])
})

/** Submits the login form and redeems the code. */
async function logIn(sub: string): Promise<{ access_token: string; id_token: string }> {
  const query = new URLSearchParams({
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email',
  })
  const answer = await fetch(`${issuer}/oauth2/authorize?${query}`, {
    method: 'POST',
    body: new URLSearchParams({ sub }),
    redirect: 'manual',
  })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const exchange = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'app',
      code,
      redirect_uri: REDIRECT_URI,
    }),
  })
  return (await exchange.json()) as { access_token: string; id_token: string }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isolatedProvider } from 'oidc-provider-mock/node-test'
import { createLogin } from './login.mjs'

test('alice logs in', async (t) => {
  // Each test has a separate issuer with its own users, clock, faults and journal.
  const provider = await isolatedProvider(t)
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  const { sub, email } = await login.finish(location)
  assert.deepEqual({ sub, email }, { sub: 'alice', email: 'alice@example.com' })
})

test('an expired ID token is refused', async (t) => {
  const provider = await isolatedProvider(t)
  await provider.faults.add({ fault: 'id_token.expired', times: 1 })
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  await assert.rejects(login.finish(location))
  const { faults } = await provider.journal.waitFor({ endpoint: 'token' })
  assert.equal(faults[0].fault, 'id_token.expired')
})

test('a code cannot be redeemed after an hour', async (t) => {
  const provider = await isolatedProvider(t)
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  await provider.clock.advance('1h')
  await assert.rejects(login.finish(location), { error: 'invalid_grant' })
})

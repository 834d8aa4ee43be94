import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { isolateEachTest } from 'oidc-provider-mock/jest'
import { createLogin } from './login.mjs'

// Each test has a separate issuer with its own users, clock, faults and journal.
const provider = isolateEachTest({ beforeEach, afterEach })

test('alice logs in', async () => {
  const login = await createLogin(provider().issuer)
  const { location } = await provider().login({ authorization_request: login.start(), sub: 'alice' })
  expect(await login.finish(location)).toMatchObject({ sub: 'alice', email: 'alice@example.com' })
})

test('an expired ID token is refused', async () => {
  await provider().faults.add({ fault: 'id_token.expired', times: 1 })
  const login = await createLogin(provider().issuer)
  const { location } = await provider().login({ authorization_request: login.start(), sub: 'alice' })
  await expect(login.finish(location)).rejects.toThrow()
  const { faults } = await provider().journal.waitFor({ endpoint: 'token' })
  expect(faults).toMatchObject([{ fault: 'id_token.expired' }])
})

test('a code cannot be redeemed after an hour', async () => {
  const login = await createLogin(provider().issuer)
  const { location } = await provider().login({ authorization_request: login.start(), sub: 'alice' })
  await provider().clock.advance('1h')
  await expect(login.finish(location)).rejects.toMatchObject({ error: 'invalid_grant' })
})

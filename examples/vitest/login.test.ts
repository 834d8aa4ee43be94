import { type Handle, isolatedProvider } from 'oidc-provider-mock/vitest'
import { test as base, expect } from 'vitest'
import { createLogin } from './login.js'

// Each test has an issuer of its own: its users, clock, faults and journal are nobody else's.
const test = base.extend<{ provider: Handle }>({ provider: isolatedProvider })

test('alice logs in', async ({ provider }) => {
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  expect(await login.finish(location!)).toMatchObject({ sub: 'alice', email: 'alice@example.com' })
})

test('an ID token that has expired is no login', async ({ provider }) => {
  await provider.faults.add({ fault: 'id_token.expired', times: 1 })
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  await expect(login.finish(location!)).rejects.toThrow()
  const { faults } = await provider.journal.waitFor({ endpoint: 'token' })
  expect(faults).toMatchObject([{ fault: 'id_token.expired' }])
})

test('a code that lies around for an hour is worth nothing', async ({ provider }) => {
  const login = await createLogin(provider.issuer)
  const { location } = await provider.login({ authorization_request: login.start(), sub: 'alice' })
  await provider.clock.advance('1h')
  await expect(login.finish(location!)).rejects.toMatchObject({ error: 'invalid_grant' })
})

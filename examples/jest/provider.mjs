// One provider for the whole run; setup.mjs and teardown.mjs export its hooks for Jest.
import { startOnce } from 'oidc-provider-mock/jest'

export const { globalSetup, globalTeardown } = startOnce({
  users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }],
})

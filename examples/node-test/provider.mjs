// One provider for the whole run. With Node 24: node --test --test-global-setup=provider.mjs
import { startOnce } from 'oidc-provider-mock/node-test'

export const { globalSetup, globalTeardown } = startOnce({
  users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }],
})

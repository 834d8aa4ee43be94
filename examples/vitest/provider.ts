// One provider for the whole run.
import { startOnce } from 'oidc-provider-mock/vitest'

export default startOnce({ users: [{ sub: 'alice', claims: { email: 'alice@example.com' } }] })

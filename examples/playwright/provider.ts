// One provider for the whole run.
import { startOnce } from 'oidc-provider-mock/playwright'

export default startOnce({ users: [{ sub: 'alice', claims: { name: 'Alice Anders' } }] })

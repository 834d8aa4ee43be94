/** The session management profile of certification, in a real browser. */
import { browserTest } from '../browser.js'
import { sessionManagement } from './modules/session_management.js'
import { RelyingParty } from './relying_party.js'
import { startWorld } from './world.js'

const { section, name, rule, run } = sessionManagement

browserTest(
  `${section} (${name}): ${rule}`,
  async (t, { page }) => run(new RelyingParty(t, await startWorld(t), { response_type: 'code' }), page),
  { ignoreHTTPSErrors: true },
)

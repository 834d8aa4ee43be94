/** Tests that every module of the certification has a test. */
import t from 'tap'
import { CHECKS } from './checks.js'
import { discovery } from './modules/discovery.js'
import { dynamic } from './modules/dynamic.js'
import { keys } from './modules/keys.js'
import { login } from './modules/login.js'
import { logout } from './modules/logout.js'
import { responses } from './modules/responses.js'
import { sessionManagement } from './modules/session_management.js'

t.test('every module of the certification has a test, and every test has a module', async (t) => {
  const modules = [...responses, ...login, ...discovery, ...dynamic, ...keys, ...logout, sessionManagement]
  t.strictSame(modules.map(({ name }) => name).sort(), Object.values(CHECKS).flat().sort())
})

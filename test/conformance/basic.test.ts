/** The basic profile of certification: the authorization code flow. */
import { login } from './modules/login.js'
import { runModules } from './modules/module.js'
import { responses } from './modules/responses.js'

await runModules([...responses, ...login], [{ response_type: 'code' }])

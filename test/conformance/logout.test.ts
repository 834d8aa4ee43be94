/** The logout profiles of certification. */
import { logout } from './modules/logout.js'
import { runModules } from './modules/module.js'

await runModules(logout, [{ response_type: 'code' }, { response_type: 'code id_token' }])

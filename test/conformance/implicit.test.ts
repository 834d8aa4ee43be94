/** The implicit profile of certification. */
import { login } from './modules/login.js'
import { runModules } from './modules/module.js'
import { responses } from './modules/responses.js'

await runModules([...responses, ...login], [{ response_type: 'id_token' }, { response_type: 'id_token token' }])

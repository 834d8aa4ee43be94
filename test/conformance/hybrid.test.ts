/** The hybrid profile of certification. */
import { login } from './modules/login.js'
import { runModules } from './modules/module.js'
import { responses } from './modules/responses.js'

await runModules(
  [...responses, ...login],
  [{ response_type: 'code id_token' }, { response_type: 'code token' }, { response_type: 'code id_token token' }],
)

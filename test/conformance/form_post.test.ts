/** The form post profiles of certification: every response type, posted. */
import { login } from './modules/login.js'
import { runModules } from './modules/module.js'
import { responses } from './modules/responses.js'

await runModules(
  [...responses, ...login],
  [
    { response_type: 'code', response_mode: 'form_post' },
    { response_type: 'id_token', response_mode: 'form_post' },
    { response_type: 'id_token token', response_mode: 'form_post' },
    { response_type: 'code id_token', response_mode: 'form_post' },
    { response_type: 'code token', response_mode: 'form_post' },
    { response_type: 'code id_token token', response_mode: 'form_post' },
  ],
)

/** The dynamic profile of certification, whose clients authenticate by assertions. */
import { discovery } from './modules/discovery.js'
import { dynamic } from './modules/dynamic.js'
import { keys } from './modules/keys.js'
import { runModules } from './modules/module.js'
import { responses } from './modules/responses.js'

const AGAIN = ['server', 'idtoken-unsigned', 'refresh-token', 'ensure-request-object-with-redirect-uri']

const plan = { token_endpoint_auth_method: 'private_key_jwt' }

await runModules(
  [...dynamic, ...keys, ...discovery, ...responses.filter(({ name }) => AGAIN.includes(name))],
  [
    { response_type: 'code', ...plan },
    { response_type: 'id_token', ...plan },
    { response_type: 'code id_token', ...plan },
  ],
)

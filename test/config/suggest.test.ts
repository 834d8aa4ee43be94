/** Suggestions for unknown words. */
import t from 'tap'
import { suggest } from '../../src/config/suggest.js'

const KEYS = ['client_id', 'client_secret', 'redirect_uris', 'scope', 'token_endpoint_auth_method', 'users']

const CASES: [string, string | undefined][] = [
  ['redirect_url', 'redirect_uris'],
  ['redirect_uri', 'redirect_uris'],
  ['clientId', 'client_id'],
  ['client-id', 'client_id'],
  ['CLIENT_ID', 'client_id'],
  ['redirectUris', 'redirect_uris'],
  ['tokenEndpointAuthMethod', 'token_endpoint_auth_method'],
  ['user', 'users'],
  ['scopes', 'scope'],
  ['endpoint', 'token_endpoint_auth_method'],
  ['auth-method', 'token_endpoint_auth_method'],
  ['client', undefined],
  ['end', undefined],
  ['colour', undefined],
  ['x', undefined],
  ['', undefined],
]

for (const [written, meant] of CASES) t.equal(suggest(written, KEYS), meant, `${written} → ${meant}`)
t.equal(suggest('anything', []), undefined, 'nothing to choose from')

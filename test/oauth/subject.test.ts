/** Subject identifiers of users for clients. OpenID Connect Core §8. */
import t from 'tap'
import { CLIENT_DEFAULTS } from '../../src/clients/members.js'
import type { Client } from '../../src/directory/clients.js'
import { subjectFor } from '../../src/oauth/subject.js'
import { createContext } from '../app.js'

const client = (redirect_uris: string[], more: Partial<Client> = {}): Client => ({
  ...CLIENT_DEFAULTS,
  client_id: redirect_uris.join(),
  redirect_uris,
  wildcard_redirect_uris: false,
  token_endpoint_auth_method: 'none',
  left_out: [],
  subject_type: 'pairwise',
  ...more,
})

t.test('OpenID Connect Core §8: a public sub is the same for all clients', async (t) => {
  const ctx = await createContext()
  t.equal(subjectFor(ctx, client(['http://a/cb'], { subject_type: 'public' }), 'alice'), 'alice')
})

t.test('OpenID Connect Core §8.1: a pairwise sub depends on the sector and the user, and is stable', async (t) => {
  const ctx = await createContext()
  const of = (one: Client, sub = 'alice') => subjectFor(ctx, one, sub)
  const a = client(['http://a.example/cb', 'https://a.example:8443/other'])
  t.match(of(a), /^[\w-]{43}$/)
  t.equal(of(a), of(a))
  t.equal(of(a), of(client(['com.example:/', 'http://b.example/'], { sector_identifier_uri: 'https://a.example/x' })))
  t.not(of(a), of(client(['http://b.example/cb'])))
  t.not(of(a), of(a, 'bob'))
  t.equal(of(a), subjectFor(await createContext(), a, 'alice'), 'the same salt, the same identifier')
  t.not(of(a), subjectFor(await createContext({ pairwise_salt: 'other' }), a, 'alice'))
})

t.test('OpenID Connect Core §8.1: different sectors, users and salts have different subs', async (t) => {
  const one = await createContext({ pairwise_salt: 'c' })
  const other = await createContext({ pairwise_salt: 'bc' })
  t.not(subjectFor(one, client(['http://a/']), 'ab'), subjectFor(other, client(['http://a/']), 'a'))
  t.not(subjectFor(one, client(['http://a/']), 'b.x'), subjectFor(one, client(['http://a.b/']), '.x'))
})

t.test('a host with a wildcard is a sector', async (t) => {
  const ctx = await createContext()
  t.match(subjectFor(ctx, client(['http://*.a.example:*/']), 'alice'), /^[\w-]{43}$/)
})

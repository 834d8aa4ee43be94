/** The differences between the doors by which client metadata comes in, each with its reason. */
import { SignJWT } from 'jose'
import t from 'tap'
import { MEMBERS } from '../../src/clients/members.js'
import { type Doors, type Metadata, openDoors } from './doors.js'

const redirect_uris = ['https://rp.example/cb']
const doors = await openDoors(t)
const strict = await openDoors(t, { profile: 'strict' })
const statement = await new SignJWT({ iss: 'https://maker.example' })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(Buffer.alloc(32))

/** Values of the members that only one of the two has: the configuration or registration. */
const CONFIGURATION_ONLY: Metadata = {
  client_id: 'app',
  client_secret: 'secret',
  wildcard_redirect_uris: true,
  faults: [],
  auto_login: 'alice',
  users_only: true,
  access_tokens: { format: 'opaque' },
}
const REGISTRATION_ONLY: Metadata = { software_statement: statement }

t.test('every member is read at every door, except for those with a reason', async (t) => {
  const namesWith = (reason: string) =>
    Object.entries(MEMBERS)
      .filter(([, member]) => reason in member)
      .map(([name]) => name)
  t.strictSame(namesWith('configuration_only').sort(), Object.keys(CONFIGURATION_ONLY).sort())
  t.strictSame(namesWith('registration_only'), Object.keys(REGISTRATION_ONLY))
})

for (const [name, value] of Object.entries(CONFIGURATION_ONLY)) {
  t.test(`RFC 7591 §2: registration ignores ${name}, whatever its value`, async (t) => {
    t.equal(await doors.file({ redirect_uris, [name]: value }), undefined)
    t.equal(await doors.admin({ redirect_uris, [name]: value }), undefined)
    t.equal(await doors.registration({ redirect_uris, [name]: value }), undefined)
    t.equal(await doors.registration({ redirect_uris, [name]: { not: 'read' } }), undefined)
  })
}

/** Metadata that only the named doors refuse. */
type Difference = readonly [reason: string, metadata: Metadata, refusing: readonly (keyof Doors)[], strictly?: true]
const CONFIGURATION = ['file', 'admin'] as const
const DIFFERENCES: readonly Difference[] = [
  ['RFC 7591 §2.3: only registration reads a software_statement', REGISTRATION_ONLY, CONFIGURATION],
  ['RFC 7591 §2.2: only registration reads languages', { 'client_name#de': 'Bäckerei' }, CONFIGURATION],
  ['RFC 7591 §2: registration ignores unknown members', { unknown: 5 }, CONFIGURATION],
  [
    'RFC 6749 §3.1.1: a request can have the words of a response type in any order',
    { response_types: ['token code'], grant_types: ['authorization_code', 'implicit'] },
    CONFIGURATION,
  ],
  [
    'RFC 7591 §3.2.1: registration issues the secret',
    { client_secret: undefined, token_endpoint_auth_method: 'client_secret_post' },
    CONFIGURATION,
  ],
  ['the author of a file defines its scopes', { scope: 'openid unknown' }, CONFIGURATION],
  [
    'a file can be used with and without certificates of clients',
    { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'rp.example' },
    ['registration'],
  ],
  ['RFC 7591 §3.2.1: registration leaves out empty values', { client_uri: '' }, CONFIGURATION],
  ['RFC 7591 §3.2.1: registration leaves out null', { scope: null }, CONFIGURATION],
  [
    'RFC 7591 §3.2.1: registration replaces unsupported values',
    { grant_types: ['authorization_code', 'password'], application_type: 'browser' },
    CONFIGURATION,
  ],
  ['a registration is limited', { contacts: Array(101).fill('a') }, ['registration']],
  ['a registration is limited', { client_name: 'x'.repeat(8193) }, ['registration']],
  [
    'the rule application_type is about clients that register',
    { application_type: 'native', redirect_uris: ['http://rp.example/cb'] },
    ['registration'],
    true,
  ],
  [
    'the author of a file is told of inconsistent grant_types under every profile',
    { response_types: ['code token'], grant_types: ['authorization_code'] },
    CONFIGURATION,
  ],
]
for (const [reason, metadata, refusing, strictly] of DIFFERENCES) {
  t.test(`${reason}: ${JSON.stringify(metadata).slice(0, 100)}`, async (t) => {
    for (const [name, door] of Object.entries(strictly ? strict : doors)) {
      const verdict = await door({ redirect_uris, ...metadata })
      t.equal(
        verdict !== undefined,
        refusing.some((one) => one === name),
        `${name}: ${verdict}`,
      )
    }
  })
}

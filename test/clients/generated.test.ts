/** Generated client metadata gets the same verdict from the file, the admin API and registration. */
import fc from 'fast-check'
import { exportJWK, generateKeyPair } from 'jose'
import t from 'tap'
import { MEMBERS } from '../../src/clients/members.js'
import { openDoors } from './doors.js'

const RSA = await exportJWK((await generateKeyPair('RS256')).publicKey)

/** Values of every JSON type, and texts of every kind, of which each member accepts some. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e300, '', 'x', 'a b', {}, [], [''], ['x'], [null], [5], { keys: [] }],
  ...['https://rp.example/', 'http://rp.example/#a', 'HTTPS://RP.EXAMPLE', 'https://rp.example/größe', 'https://a/{x}'],
  ...[
    'https://[',
    'https://a/%zz',
    'https:a',
    'com.example:/cb',
    'localhost:3000/cb',
    'javascript:x',
    'data:,x',
    '//a',
  ],
  ...['CN=a', 'CN=a,O=b', '=', '::1', '10.0.0.1', '10.0.0.256', 'web', 'native', 'public', 'pairwise'],
  ...['none', 'client_secret_basic', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth'],
  ...['RS256', 'ES256', 'HS256', 'RSA-OAEP', 'ECDH-ES', 'dir', 'A128KW', 'A128GCM', 'A256CBC-HS512'],
  { keys: [RSA] },
  { keys: [{ kty: 'RSA' }] },
  { keys: {} },
]
const LISTS: Readonly<Record<string, readonly string[]>> = {
  grant_types: ['authorization_code', 'implicit', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code', 'id_token', 'code token', 'none'],
}
const uri = fc.constantFrom(
  'https://a/',
  'https://b/',
  'http://a:*/',
  'app:/cb',
  'x:1',
  '/',
  'javascript:x',
  'https://a/#b',
)

/** Names of the members that every door reads. A sector_identifier_uri would be requested by registration only. */
const names = Object.entries(MEMBERS)
  .filter(([name, member]) => ('kind' in member || 'items' in member) && name !== 'sector_identifier_uri')
  .map(([name]) => name)

function arbitraryFor(name: string): fc.Arbitrary<unknown> {
  const any = fc.constantFrom(...VALUES)
  const list = LISTS[name]
  if (list !== undefined) return fc.oneof({ weight: 5, arbitrary: fc.subarray([...list]) }, any)
  if (name.endsWith('redirect_uris')) return fc.oneof({ weight: 5, arbitrary: fc.array(uri, { maxLength: 3 }) }, any)
  // Which scopes a client can name depends on the door.
  if (name === 'scope') return fc.constantFrom('', 'openid', 'openid  email', 5, null)
  return name.endsWith('s') ? fc.oneof(any, fc.array(any, { maxLength: 2 })) : any
}

const metadata = fc.record(Object.fromEntries(names.map((name) => [name, arbitraryFor(name)])), { requiredKeys: [] })
/** Few members at a time, because most combinations of many are invalid for several reasons. */
const few = fc.tuple(metadata, fc.subarray(names, { minLength: 1, maxLength: 4 })).map(([all, chosen]) => ({
  redirect_uris: ['https://rp.example/cb'],
  ...Object.fromEntries(Object.entries(all).filter(([name]) => chosen.includes(name))),
}))

t.test('a client is valid at every door or at none', async (t) => {
  const doors = await openDoors(t, {
    rules: { consistent_grant_types: true, default_client_metadata: true, valid_metadata: true },
    server: { tls: { self_signed: true, client_certificates: true } },
  })
  const counts = { accepted: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(few, async (given) => {
      const [file, admin, registration] = [
        await doors.file(given),
        await doors.admin(given),
        await doors.registration(given),
      ]
      const verdicts = new Set([file, admin, registration].map((verdict) => verdict === undefined))
      if (verdicts.size > 1) throw new Error(`file: ${file}\nadmin: ${admin}\nregistration: ${registration}`)
      counts[file === undefined ? 'accepted' : 'refused'] += 1
    }),
    { numRuns: 200 },
  )
  t.ok(counts.accepted > 20, `accepted: ${counts.accepted}`)
  t.ok(counts.refused > 20, `refused: ${counts.refused}`)
})

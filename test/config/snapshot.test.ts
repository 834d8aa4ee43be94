/** Immutable snapshots. */
import t from 'tap'
import { load } from './loading.js'

t.test('everything is frozen, at every depth', async (t) => {
  const snapshot = await load(
    t,
    'users: [{ sub: a, claims: { x: &x { y: [1] }, z: *x } }]\nkeys: [{ alg: ES256, keep_in: k.json }, {}]',
  )
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    value instanceof CryptoKey ||
    // Their types are read-only.
    value instanceof Map ||
    value instanceof Set ||
    (Object.isFrozen(value) && Object.values(value).every(frozen))
  t.ok(frozen(snapshot))
  t.ok([...snapshot.users.values()].every(frozen))
})

t.test('indexes are in the order of the file', async (t) => {
  const { users, clients } = await load(
    t,
    `
users: [{ sub: z }, { sub: "1" }, { sub: a }]
clients:
  - { client_id: "9", token_endpoint_auth_method: none, redirect_uris: ["http://a"] }
  - { client_id: "1", token_endpoint_auth_method: none, redirect_uris: ["http://a"] }
`,
  )
  t.strictSame([...users.keys()], ['z', '1', 'a'])
  t.strictSame([...clients.keys()], ['9', '1'])
})

t.test('publish_ahead defaults to a tenth of the period', async (t) => {
  t.strictSame((await load(t, 'key_rotation: { period: 30m }')).key_rotation, { period: 1800, publish_ahead: 180 })
  const { key_rotation } = await load(t, 'key_rotation: { period: 30m, publish_ahead: 1m }')
  t.strictSame(key_rotation, { period: 1800, publish_ahead: 60 })
  t.strictSame((await load(t, 'users: []')).key_rotation, { publish_ahead: 0 })
})

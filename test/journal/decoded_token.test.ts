/** Tests of decoding tokens without a key. */
import t from 'tap'
import { decodeTokens } from '../../src/journal/decoded_token.js'

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const header = part({ alg: 'ES256' })

t.test('RFC 7515 §7.1: three parts are a header, a payload and a signature', async (t) => {
  const id_token = `${header}.${part({ sub: 'alice' })}.c2ln`
  const unsigned = `${part({ alg: 'none' })}.${part({})}.`
  t.strictSame(decodeTokens({ id_token, unsigned, scope: 'openid', expires_in: 7, none: null }), [
    { name: 'id_token', header: { alg: 'ES256' }, payload: { sub: 'alice' } },
    { name: 'unsigned', header: { alg: 'none' }, payload: {} },
  ])
})

t.test('RFC 7516 §7.1: of five parts only the header can be read', async (t) => {
  t.strictSame(decodeTokens({ id_token: `${header}.a2V5.aXY.dGV4dA.dGFn` }), [
    { name: 'id_token', header: { alg: 'ES256' } },
  ])
})

t.test('other values are not decoded as tokens', async (t) => {
  const others = [
    ...['', 'a', 'a.b', 'a.b.c', '..', `${header}.${part({})}`, `${header}.a.b.c`, `${header}.a.b.c.d.e`],
    ...[`${header}.${part([1])}.x`, `${header}.${part('null')}.x`, `${part('"a"')}.${part({})}.x`, `${header}.{}.x`],
  ]
  t.strictSame(decodeTokens({ ...others }), [])
  t.strictSame(decodeTokens({ long: `${header}.${part({ a: 'x'.repeat(50_000) })}.x` }), [])
  t.strictSame(decodeTokens({ a: `${header}.${part({})}.x` }, 5), [])
})

t.test('of many tokens only the first ones are decoded', async (t) => {
  const tokens = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`t${index}`, `${header}.${part({})}.x`]))
  t.equal(decodeTokens({ scope: 'openid', ...tokens }).length, 50)
})

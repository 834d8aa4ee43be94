/** Lifetimes and replays of client assertions. RFC 7523 §3, OpenID Connect Core §9. */
import { createHash } from 'node:crypto'
import { CompactSign, type JWTPayload, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../../src/generated/input.js'
import { NEVER } from '../../../src/store/collections.js'
import { createApp, createIssuer, refused, snapshotOf, type TestApp } from '../../app.js'

const SECRET = 'a-secret-of-more-than-32-characters'
const KEY = Buffer.from(SECRET)
const ISSUER = 'http://op.example'
const NOW = Math.floor(Date.now() / 1000)
const HOUR = 3600
const CONFIG: ConfigInput = {
  issuer: ISSUER,
  clients: [
    {
      client_id: 'app',
      redirect_uris: ['http://localhost/'],
      token_endpoint_auth_method: 'client_secret_jwt',
      client_secret: SECRET,
    },
  ],
}
const STRICT: ConfigInput = { ...CONFIG, rules: { bounded_assertions: true } }

let count = 0
function sign(claims: JWTPayload = {}): Promise<string> {
  count += 1
  const all = { iss: 'app', sub: 'app', aud: ISSUER, exp: NOW + 300, jti: `jti ${count}`, ...claims }
  return new SignJWT(all).setProtectedHeader({ alg: 'HS256' }).sign(KEY)
}

const send = ({ post }: TestApp, client_assertion: string, base = '') =>
  post(`${base}/oauth2/revoke`, {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion,
    token: 'unknown',
  })
const accepted = async (t: Test, answer: ReturnType<typeof send>, title: string) =>
  t.equal((await answer).statusCode, 200, title)
const replayed = async (t: Test, answer: ReturnType<typeof send>) =>
  refused(t, await answer, 'invalid_client', /^client_assertion has the jti .* of an earlier assertion/, 401)

t.test('RFC 7523 §3: the exp of an assertion is at most an hour ahead', async (t) => {
  const strict = await createApp(t, STRICT)
  await accepted(t, send(strict, await sign({ exp: NOW + HOUR })), 'an hour')
  await accepted(t, send(strict, await sign({ exp: NOW + HOUR + 30 })), 'the clock of the client is 30 s fast')
  const late = await sign({ exp: NOW + 2 * HOUR + 30 })
  const message =
    /^client_assertion expires in 2 hours, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, expected an exp in 1 hour, at \S+Z, or earlier$/
  refused(t, await send(strict, late), 'invalid_client', message, 401)
  refused(t, await send(strict, await sign({ exp: 1e300 })), 'invalid_client', /^client_assertion expires in /, 401)
  strict.advance(HOUR + 60)
  await accepted(t, send(strict, late), 'a refused assertion is not used, and its exp is judged by the clock')

  const lenient = await createApp(t, CONFIG)
  await accepted(t, send(lenient, late), 'without the rule')
  const [remark] = lenient.log.filter(({ rule }) => rule === 'bounded_assertions')
  t.match(remark, { event: 'would_be_refused', error: 'invalid_client' })
})

t.test('RFC 7523 §3: a jti is remembered until its assertion expires, by the clock of the issuer', async (t) => {
  for (const config of [STRICT, CONFIG]) {
    const test = await createApp(t, config)
    const assertion = await sign({ jti: 'once', exp: NOW + HOUR })
    await accepted(t, send(test, assertion), 'the first use')
    await replayed(t, send(test, assertion))
    await replayed(t, send(test, await sign({ jti: 'once', exp: NOW + 60 })))
    test.advance(HOUR - 60)
    await replayed(t, send(test, assertion))
    test.advance(120)
    refused(t, await send(test, assertion), 'invalid_client', /^client_assertion expired /, 401)
    await accepted(t, send(test, await sign({ jti: 'once', exp: NOW + HOUR + 300 })), 'the jti is free again')
    test.advance(-120)
    await replayed(t, send(test, await sign({ jti: 'once', exp: NOW + HOUR })))
  }
})

t.test('an assertion without a last time is used once', async (t) => {
  const test = await createApp(t, CONFIG)
  const claims = `{"iss":"app","sub":"app","aud":"${ISSUER}","exp":1e999,"jti":"endless"}`
  const assertion = await new CompactSign(Buffer.from(claims)).setProtectedHeader({ alg: 'HS256' }).sign(KEY)
  await accepted(t, send(test, assertion), 'the first use')
  await replayed(t, send(test, assertion))
})

t.test('an assertion for two issuers is used once at each, and one for another issuer at none', async (t) => {
  const test = await createApp(t, STRICT)
  const both = await sign({ aud: [`${ISSUER}/issuers/one`, `${ISSUER}/issuers/two`] })
  for (const base of ['/issuers/one', '/issuers/two']) {
    await accepted(t, send(test, both, base), base)
    await replayed(t, send(test, both, base))
  }
  refused(t, await send(test, both), 'invalid_client', /^client_assertion has the aud /, 401)
  const one = await sign({ aud: `${ISSUER}/issuers/one` })
  refused(t, await send(test, one, '/issuers/two'), 'invalid_client', /^client_assertion has the aud /, 401)
})

/** Returns an app whose issuer has the values of these clients: number of values, and expiry of each. */
async function createUsed(
  t: Test,
  config: ConfigInput,
  clients: readonly [key: string, count: number][],
  expiry: Expiry,
) {
  const snapshot = await snapshotOf(config)
  const issuer = createIssuer(() => snapshot)
  const { used_jtis } = issuer.store
  for (const [index, [key, count]] of clients.entries()) {
    const jtis = Object.fromEntries(
      Array.from({ length: count }, (_, one) => [hashOf(`known ${one}`), expiry(index + one)]),
    )
    await used_jtis.put(key, { jtis, expires_at: Math.max(...Object.values(jtis)) })
  }
  const test = await createApp(t, config, { findIssuer: () => issuer })
  const countJtis = async () => Object.keys((await used_jtis.get(APP))!.jtis).length
  return { test, countJtis, countClients: async () => (await used_jtis.list()).length }
}

type Expiry = (index: number) => number

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/** Key of the client of this file. */
const APP = hashOf('app')
const FULL_CLIENT: [string, number][] = [[APP, 1000]]
const FULL_ISSUER = Array.from({ length: 10_000 }, (_, index): [string, number] => [`${index}`, 1])

t.test('a client with 1000 values forgets those of expired assertions', async (t) => {
  const { test, countJtis } = await createUsed(t, STRICT, FULL_CLIENT, (index) => NOW + (index % 2 === 0 ? HOUR : -1))
  const assertion = await sign()
  await accepted(t, send(test, assertion), 'there is room')
  t.equal(await countJtis(), 501)
  await replayed(t, send(test, assertion))
})

t.test('with the rule, an assertion of a client is refused rather than an earlier one forgotten', async (t) => {
  const other = { ...CONFIG.clients![0]!, client_id: 'other' }
  const config = { ...STRICT, clients: [...CONFIG.clients!, other] }
  const { test, countJtis } = await createUsed(t, config, FULL_CLIENT, () => NOW + HOUR)
  const assertion = await sign({ exp: NOW + HOUR + 30 })
  const message = /^client app has 1000 assertions that have not expired, expected fewer; use a shorter exp$/
  refused(t, await send(test, assertion), 'invalid_client', message, 401)
  t.equal(await countJtis(), 1000)
  await replayed(t, send(test, await sign({ jti: 'known 0' })))
  await accepted(t, send(test, await sign({ iss: 'other', sub: 'other' })), 'other clients are not affected')
  await test.post('/admin/clock/advance', undefined, { payload: { by: '1h' } })
  await accepted(t, send(test, assertion), 'after the earlier assertions have expired')
})

t.test('without the rule, the values of a client that expire first make room', async (t) => {
  const { test, countJtis } = await createUsed(t, CONFIG, FULL_CLIENT, (index) => (index < 10 ? NOW + HOUR : NEVER))
  await accepted(t, send(test, await sign()), 'there is room')
  t.equal(await countJtis(), 901)
})

t.test('a full collection forgets clients whose assertions have expired', async (t) => {
  for (const config of [STRICT, CONFIG]) {
    const expiry = (index: number) => NOW + (index % 2 === 0 ? HOUR : -1)
    const { test, countClients } = await createUsed(t, config, FULL_ISSUER, expiry)
    const assertion = await sign()
    await accepted(t, send(test, assertion), 'there is room')
    t.equal(await countClients(), 5001)
    await replayed(t, send(test, assertion))
  }
})

t.test('with the rule, a full collection refuses a client rather than forgetting another', async (t) => {
  const { test, countClients } = await createUsed(t, STRICT, FULL_ISSUER, () => NOW + HOUR)
  const refusal = await send(test, await sign())
  const message =
    /^used_jtis holds 10000 records in \d+ bytes, expected .*; delete some, or reset tokens by the admin API$/
  refused(t, refusal, 'temporarily_unavailable', message, 507)
  t.equal(await countClients(), 10_000)
  await test.post('/admin/clock/advance', undefined, { payload: { by: '1h' } })
  await accepted(t, send(test, await sign({ exp: NOW + 2 * HOUR })), 'after their assertions have expired')
})

t.test('without the rule, the clients whose assertions expire first make room', async (t) => {
  const { test, countClients } = await createUsed(t, CONFIG, FULL_ISSUER, (index) => (index < 10 ? NOW + HOUR : NEVER))
  await accepted(t, send(test, await sign()), 'there is room')
  t.equal(await countClients(), 9001)
})

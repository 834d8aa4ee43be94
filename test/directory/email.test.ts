/** The email of users who are not listed. */
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createAdminApp } from '../admin/api.js'
import { createApp, getTokens, getUserinfo, jsonOf, type TestApp } from '../app.js'

const LONG = 'x'.repeat(255)

/** Logs the user in and returns the email of userinfo. */
async function emailOf(t: Test, test: TestApp, sub: string): Promise<unknown> {
  const { access_token } = await getTokens(test, { sub, scope: 'openid email' })
  const userinfo = jsonOf(t, await getUserinfo(test, access_token))
  t.equal(userinfo.sub, sub)
  return userinfo.email
}

t.test('a sub that is no address gets an address of the default domain', async (t) => {
  const test = await createApp(t)
  const emails = {
    alice: 'alice@example.com',
    "a.b!#$&'*+/=?^_`{|}~-9": "a.b!#$&'*+/=?^_`{|}~-9@example.com",
    'auth0|5f7c8ec7c33c6c004bbafe82': 'auth0|5f7c8ec7c33c6c004bbafe82@example.com',
    'Alice Anders': 'Alice%20Anders@example.com',
    'Alice%20Anders': 'Alice%2520Anders@example.com',
    'Zoë 😀': 'Zo%C3%AB%20%F0%9F%98%80@example.com',
    '"(<>)",:;[\\]': '%22%28%3C%3E%29%22%2C%3A%3B%5B%5C%5D@example.com',
    '.a..b.': '%2Ea%2E.b%2E@example.com',
    '...': '%2E%2E%2E@example.com',
    '@': '%40@example.com',
    'alice@': 'alice%40@example.com',
    '@example.com': '%40example.com@example.com',
    'a@b@c': 'a%40b%40c@example.com',
  }
  for (const [sub, email] of Object.entries(emails)) t.equal(await emailOf(t, test, sub), email)
})

t.test('a sub that is an address is the email', async (t) => {
  const test = await createApp(t)
  for (const sub of ['alice@example.com', 'Alice@Other.Example', 'a@b']) t.equal(await emailOf(t, test, sub), sub)
})

t.test('RFC 5321 §4.5.3.1: the email of a long sub is short, and another one for each sub', async (t) => {
  const test = await createApp(t, { default_email_domain: 'd'.repeat(63).concat('.e'.repeat(63)) })
  const whole = String(await emailOf(t, test, 'x'.repeat(64)))
  t.match(whole, /^x{64}@d{63}(\.e){63}$/)
  t.equal(whole.length, 254)
  const subs = [
    LONG,
    LONG.replace(/x$/, 'y'),
    'é'.repeat(22),
    'é'.repeat(23),
    `x${'é'.repeat(22)}`,
    `xx${'é'.repeat(22)}`,
  ]
  const emails = await Promise.all(subs.map(async (sub) => String(await emailOf(t, test, sub))))
  t.equal(new Set(emails).size, subs.length)
  for (const email of emails) t.match(email, /^(?=[^@]{1,64}@)(x|%[0-9A-F]{2})+-[0-9a-f]{16}@d/)
})

t.test('default_email_domain is the domain, and the email of a known user stays', async (t) => {
  const test = await createApp(t, { default_email_domain: 'corp.test' })
  t.equal(await emailOf(t, test, 'alice'), 'alice@corp.test')
  await test.reload({ default_email_domain: 'other.test' })
  t.equal(await emailOf(t, test, 'alice'), 'alice@corp.test')
  t.equal(await emailOf(t, test, 'bob'), 'bob@other.test')
})

t.test('with an empty default_email_domain, the email is the sub', async (t) => {
  const test = await createApp(t, { default_email_domain: '' })
  for (const sub of ['alice', 'Alice Anders', 'a@b', LONG]) t.equal(await emailOf(t, test, sub), sub)
})

t.test('listed users have the email of their claims or none', async (t) => {
  const users: ConfigInput['users'] = [{ sub: 'alice' }, { sub: 'bob', claims: { email: 'bob' } }]
  const test = await createApp(t, { users })
  t.equal(await emailOf(t, test, 'alice'), undefined)
  t.equal(await emailOf(t, test, 'bob'), 'bob')
})

t.test('minted tokens have the same email', async (t) => {
  const test = await createAdminApp(t)
  const order = { sub: 'alice', client_id: 'app', scope: 'openid email' }
  const { access_token } = jsonOf(t, await test.call('POST', '/tokens', order), 201)
  t.match(jsonOf(t, await getUserinfo(test, String(access_token))), { sub: 'alice', email: 'alice@example.com' })
})

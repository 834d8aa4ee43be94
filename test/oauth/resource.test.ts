/** Resource indicators. RFC 8707. */
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getUserinfo, jsonOf, REDIRECT_URI, refused, type TestApp, type Tokens } from '../app.js'

const [API, OTHER] = ['https://api.example.com/v1', 'urn:example:other']
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const CLIENT = {
  client_id: 'app',
  client_secret: 's',
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'client_secret_post' as const,
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', DEVICE, 'implicit'] as const,
  response_types: ['code', 'code token'] as const,
}
const STRICT: ConfigInput = {
  profile: 'strict',
  clients: [{ ...CLIENT, grant_types: [...CLIENT.grant_types], response_types: [...CLIENT.response_types] }],
}
const SECRET = { client_id: 'app', client_secret: 's' }

/** Sends a form or a query in which `resource` can be repeated. */
const encode = (values: Record<string, string>, resource: readonly string[]) =>
  new URLSearchParams([...Object.entries(values), ...resource.map((one) => ['resource', one] as [string, string])])

async function logInFor(test: TestApp, resource: readonly string[], more: Record<string, string> = {}) {
  const asked = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid offline_access' }
  const query = encode({ ...asked, prompt: 'consent', nonce: 'n', ...more }, resource)
  const answer = await test.post(`/oauth2/authorize?${query}`, { sub: 'alice' })
  const { searchParams, hash } = new URL(String(answer.headers.location))
  return hash === '' ? searchParams : new URLSearchParams(hash.slice(1))
}

const ask = (test: TestApp, form: Record<string, string>, resource: readonly string[] = []) =>
  test.app.inject({
    method: 'POST',
    url: '/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: encode({ ...SECRET, ...form }, resource).toString(),
  })

const redeem = (test: TestApp, code: string | null, resource: readonly string[] = []) =>
  ask(test, { grant_type: 'authorization_code', code: code ?? '', redirect_uri: REDIRECT_URI }, resource)

const audOf = (answer: { json<T>(): T }) => decodeJwt(answer.json<Tokens>().access_token).aud

const wouldBeRefused = async ({ get }: TestApp) =>
  (await get('/admin/journal?event=would_be_refused')).body.match(
    /would be refused by a strict provider: resource[^"]*/g,
  )

for (const [profile, config] of Object.entries({ lenient: {}, strict: STRICT } as Record<string, ConfigInput>)) {
  t.test(`RFC 8707 §2: aud is the requested resource, also after a refresh, ${profile}`, async (t) => {
    const test = await createApp(t, config)
    const answer = await redeem(test, (await logInFor(test, [API])).get('code'), [API])
    t.equal(audOf(answer), API)
    const { access_token, refresh_token, id_token } = answer.json<Tokens>()
    t.equal(decodeJwt(id_token).aud, 'app')
    t.equal((await getUserinfo(test, access_token)).statusCode, 200, 'the scope openid decides at userinfo')
    const described = await test.post('/oauth2/introspect', { ...SECRET, token: access_token })
    t.match(jsonOf(t, described), { active: true, aud: API })
    for (const resource of [[], [API]]) {
      t.equal(audOf(await ask(test, { grant_type: 'refresh_token', refresh_token }, resource)), API)
    }
    t.notOk(await wouldBeRefused(test))
  })

  t.test(`RFC 8707 §2.2: a token request selects among the authorized resources, ${profile}`, async (t) => {
    const test = await createApp(t, config)
    const both = (await redeem(test, (await logInFor(test, [API, OTHER, API])).get('code'))).json<Tokens>()
    t.strictSame(decodeJwt(both.access_token).aud, [API, OTHER])
    const { refresh_token } = both
    t.equal(audOf(await ask(test, { grant_type: 'refresh_token', refresh_token }, [OTHER])), OTHER)
    t.strictSame(audOf(await ask(test, { grant_type: 'refresh_token', refresh_token })), [API, OTHER])
    t.equal(audOf(await redeem(test, (await logInFor(test, [API, OTHER])).get('code'), [OTHER])), OTHER)
  })

  t.test(`RFC 8707 §2: client credentials and the front channel, ${profile}`, async (t) => {
    const test = await createApp(t, config)
    t.equal(audOf(await ask(test, { grant_type: 'client_credentials' }, [API])), API)
    t.equal(audOf(await ask(test, { grant_type: 'client_credentials' })), 'http://localhost')
    const front = await logInFor(test, [API], { response_type: 'code token' })
    t.equal(decodeJwt(front.get('access_token') ?? '').aud, API)
  })

  t.test(`RFC 8707 §2: the resource of a device code, ${profile}`, async (t) => {
    const test = await createApp(t, config)
    const begun = await test.app.inject({
      method: 'POST',
      url: '/oauth2/device_authorization',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: encode({ ...SECRET, scope: 'openid' }, [API, OTHER]).toString(),
    })
    const { device_code, user_code } = begun.json<Record<'device_code' | 'user_code', string>>()
    await test.post('/oauth2/device', { user_code, sub: 'alice' })
    t.equal(audOf(await ask(test, { grant_type: DEVICE, device_code }, [OTHER])), OTHER)
  })
}

const MANY = Array.from({ length: 21 }, (_, index) => `urn:example:${index}`)
const LONG = `urn:${'x'.repeat(2045)}`

t.test('RFC 8707 §2: too many or too long resources are invalid_target', async (t) => {
  const test = await createApp(t, STRICT)
  t.match(Object.fromEntries(await logInFor(test, MANY)), {
    error: 'invalid_target',
    error_description: 'resource has 21 values, expected at most 20',
  })
  const grant = { grant_type: 'client_credentials' }
  refused(t, await ask(test, grant, [LONG]), 'invalid_target', /^resource has 2049 characters, expected at most 2048$/)
})

t.test('without the rule, resources beyond the bounds are left out, with a remark', async (t) => {
  const test = await createApp(t)
  const grant = { grant_type: 'client_credentials' }
  t.strictSame(audOf(await ask(test, grant, MANY)), MANY.slice(0, 20))
  t.equal(audOf(await ask(test, grant, [LONG, API])), API)
  t.strictSame(
    audOf(await ask(test, grant, [LONG, ...MANY.slice(0, 20)])),
    MANY.slice(0, 20),
    'a long one does not count',
  )
  t.equal(audOf(await redeem(test, (await logInFor(test, [LONG])).get('code'))), 'http://localhost')
  const remarks = (await wouldBeRefused(test))?.join('\n')
  t.match(remarks, /provider: resource has 21 values, expected at most 20/)
  t.match(remarks, /provider: resource has 2049 characters, expected at most 2048/)
})

const BAD = [
  'my-api',
  '/relative',
  'https://api.example.com/#part',
  'https://api.example.com/a b',
  'https://ü.example',
  ...[...'"<>\\^`{|}'].map((mark) => `https://api.example.com/a${mark}b`),
  'https://api.example.com/100%',
]

t.test('RFC 3986 §2: a resource can have every character of a URI', async (t) => {
  const test = await createApp(t, STRICT)
  for (const resource of ["https://[::1]:8443/a-b_c.d~e/%C3%BC?x=1&y=!$'()*+,;@:", 'urn:example:other']) {
    t.equal(audOf(await ask(test, { grant_type: 'client_credentials' }, [resource])), resource)
  }
})

t.test('RFC 8707 §2: a resource that is no absolute URI, or has a fragment, is invalid_target', async (t) => {
  const test = await createApp(t, STRICT)
  for (const resource of BAD) {
    const answer = await logInFor(test, [resource])
    t.equal(answer.get('error'), 'invalid_target', resource)
    t.match(answer.get('error_description'), /^resource is .*, expected an absolute URI without a fragment, such as/)
    const message = /^resource is .*, expected an absolute URI/
    refused(t, await ask(test, { grant_type: 'client_credentials' }, [API, resource]), 'invalid_target', message)
  }
})

t.test('without the rule, any text is an audience, with a remark', async (t) => {
  for (const resource of BAD) {
    const test = await createApp(t)
    t.equal(audOf(await redeem(test, (await logInFor(test, [resource])).get('code'))), resource)
    t.equal((await wouldBeRefused(test))?.length, 1)
  }
})

async function checkOther(t: Test, config: ConfigInput, check: (answer: Awaited<ReturnType<typeof ask>>) => void) {
  const test = await createApp(t, config)
  check(await redeem(test, (await logInFor(test, [API])).get('code'), [OTHER]))
  check(await redeem(test, (await logInFor(test, [])).get('code'), [OTHER]))
  const { refresh_token } = (await redeem(test, (await logInFor(test, [API])).get('code'))).json<Tokens>()
  check(await ask(test, { grant_type: 'refresh_token', refresh_token }, [API, OTHER]))
  return { test, refresh_token }
}

t.test(
  'RFC 8707 §2.2: a resource that was not authorized is invalid_target, and a refresh token stays valid',
  async (t) => {
    const messages = [
      /^resource is urn:example:other, expected one of the authorization request: https:\/\/api.example.com\/v1$/,
      /^resource is urn:example:other, expected no resource, because the authorization request had none$/,
      /^resource is urn:example:other, expected one of the authorization request: https:\/\/api.example.com\/v1$/,
    ]
    const { test, refresh_token } = await checkOther(t, STRICT, (answer) =>
      refused(t, answer, 'invalid_target', messages.shift()!),
    )
    t.equal((await ask(test, { grant_type: 'refresh_token', refresh_token }, [API])).statusCode, 200)
  },
)

t.test('without the rule, a token request can name any resource, with a remark', async (t) => {
  const { test } = await checkOther(t, {}, (answer) => t.ok([audOf(answer)].flat().includes(OTHER)))
  t.ok((await wouldBeRefused(test))!.length >= 3)
  const answer = await redeem(test, (await logInFor(test, [API])).get('code'), [OTHER])
  t.equal(audOf(answer), OTHER)
})

t.test('the resource takes precedence over a preset and over aud of users and of access_tokens', async (t) => {
  const config: ConfigInput = {
    preset: 'okta',
    access_tokens: { claims: { aud: 'shared' } },
    users: [{ sub: 'alice', access_token: { aud: 'own' } }],
  }
  const test = await createApp(t, config)
  t.equal(audOf(await redeem(test, (await logInFor(test, [])).get('code'))), 'own')
  t.equal(audOf(await redeem(test, (await logInFor(test, [API])).get('code'))), API)
})

t.test('RFC 8707 §2: a request object has one resource or a list', async (t) => {
  const object = (resource: unknown) =>
    [{ alg: 'none' }, { resource }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const test = await createApp(t)
  for (const resource of [API, [API, OTHER]]) {
    const answer = await logInFor(test, ['urn:outside'], { request: `${object(resource)}.` })
    t.strictSame(audOf(await redeem(test, answer.get('code'))), resource)
  }
  const answer = await logInFor(test, [], { request: `${object([5])}.` })
  t.equal(answer.get('error'), 'invalid_request_object')
  t.match(answer.get('error_description'), /has the resource \[5\], expected a text or a list of texts/)
})

t.test('the login page keeps every resource', async (t) => {
  const test = await createApp(t)
  const asked = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' }
  const page = await test.app.inject({
    method: 'POST',
    url: '/oauth2/authorize',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: encode(asked, [API, OTHER]).toString(),
  })
  t.match(page.body.match(/name="resource" value="[^"]*"/g), [
    `name="resource" value="${API}"`,
    `name="resource" value="${OTHER}"`,
  ])
  const answer = await test.app.inject({
    method: 'POST',
    url: '/oauth2/authorize',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: encode({ ...asked, sub: 'alice' }, [API, OTHER]).toString(),
  })
  const code = new URL(String(answer.headers.location)).searchParams.get('code')
  t.strictSame(audOf(await redeem(test, code)), [API, OTHER])
})

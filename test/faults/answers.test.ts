/** Faults of the responses of single endpoints, over real sockets. */
import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { REDIRECT_URI } from '../app.js'
import { ANSWER_CASES } from './answers_cases.js'
import { authorizationUrl, findCode, getTokens, PREPARE, startFaulty, tokenForm } from './endpoints.js'
import { jsonOf, type Rule, send } from './wire.js'

const cases = Object.entries(ANSWER_CASES)
const ENCRYPTION_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

t.test('each fault happens at its endpoint of the declaring issuer', async (t) => {
  // Each has an issuer to itself, named like the fault.
  const rules = cases.map(([name, { rule }]) => ({ fault: name as FaultName, ...rule, match: { issuer: name } }))
  const { url } = await startFaulty(t, rules)
  for (const [name, { endpoint, check }] of cases) {
    await t.test(name, async (t) => {
      const issuer = `${url}/issuers/${name}`
      const well = await (await PREPARE[endpoint](`${url}/issuers/fine`))()
      await check(t, await (await PREPARE[endpoint](issuer))(), well, issuer)
    })
  }
})

t.test('token.error: the status is that of the error, or of the rule', async (t) => {
  const { url } = await startFaulty(t, [
    { fault: 'token.error', error: 'invalid_client', times: 1 },
    { fault: 'token.error', error: 'temporarily_unavailable', status: 503, times: 1 },
  ])
  const ask = await PREPARE.token(url)
  t.equal((await ask()).status, 401)
  const { status, body } = await ask()
  t.equal(status, 503)
  t.match(JSON.parse(body.toString()), { error: 'temporarily_unavailable', error_description: /token\.error/ })
  t.equal((await ask()).status, 200)
})

t.test('a fault is not logged as a failure', async (t) => {
  const { url, lines } = await startFaulty(t, { fault: 'jwks.unavailable' })
  await send(`${url}/jwks`)
  t.match(lines().at(-1), { level: 'warn', status: 503, error: 'temporarily_unavailable' })
})

t.test('members are changed in successful responses only, and a rule waits for a response that has them', async (t) => {
  const { url } = await startFaulty(t, [
    { fault: 'token.missing_id_token', times: 1 },
    { fault: 'introspection.inactive', times: 1 },
    { fault: 'userinfo.rejects_token', times: 1 },
    { fault: 'token.wrong_content_type', times: 1, match: { scope: 'phone' } },
  ])
  const refused = await send(`${url}/oauth2/token`, { form: tokenForm('nonsense') })
  t.strictSame(Object.keys(jsonOf(refused)), ['error', 'error_description'])
  const query = new URLSearchParams({
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'phone',
  })
  const { headers } = await send(`${url}/oauth2/authorize?${query}`, { form: { sub: 'alice' } })
  const code = new URL(headers.location!).searchParams.get('code')!
  const plain = await send(`${url}/oauth2/token`, { form: tokenForm(code) })
  t.match(plain.headers, { 'content-type': 'text/html' })
  t.notMatch(jsonOf(plain), { id_token: String }, 'the scope has no openid')
  const first = await getTokens(url)
  t.match(first, { id_token: undefined, access_token: String })
  const second = await getTokens(url)
  t.match(second, { id_token: String })
  const introspect = (token: string) => send(`${url}/oauth2/introspect`, { form: { token, client_id: 'app' } })
  t.strictSame(jsonOf(await introspect('nonsense')), { active: false })
  t.strictSame(jsonOf(await introspect(second.access_token!)), { active: false })
  t.match(jsonOf(await introspect(second.access_token!)), { active: true })
  const ask = (token: string) => send(`${url}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
  t.match(jsonOf(await ask('nonsense')), { error: 'invalid_token', error_description: /^(?!the fault)/ })
  t.match(jsonOf(await ask(second.access_token!)), { error_description: /userinfo\.rejects_token/ })
  t.match(jsonOf(await ask(second.access_token!)), { sub: 'alice' })
})

t.test('the journal reports that a missing member cannot be removed', async (t) => {
  const { url } = await startFaulty(t, { fault: 'discovery.missing_member', member: 'no_such_member' })
  t.equal((await PREPARE.discovery(url).then((ask) => ask())).status, 200)
  const entries = jsonOf(await send(`${url}/admin/journal`)).entries as { remarks: object[]; faults: object[] }[]
  t.match(entries.at(-1), {
    remarks: [{ message: 'discovery.missing_member changes nothing: the response has no no_such_member' }],
    faults: [{ fault: 'discovery.missing_member', source: 'config' }],
  })
})

t.test('values of the rule are used unchanged', async (t) => {
  const rules: Rule[] = [
    { fault: 'discovery.wrong_issuer', value: null, times: 1 },
    { fault: 'discovery.extra_member', member: '__proto__', value: { polluted: true }, times: 1 },
    { fault: 'discovery.extra_member', times: 1 },
  ]
  const { url } = await startFaulty(t, rules)
  const ask = await PREPARE.discovery(url)
  t.match(jsonOf(await ask()), { issuer: null })
  t.match((await ask()).body.toString(), /"__proto__": \{\s+"polluted": true/)
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
  t.match(jsonOf(await ask()), { x_unknown_member: 'surprise' })
})

t.test('RFC 8628 §3.5: only polls of the device flow get the error', async (t) => {
  const faults = ['authorization_pending', 'slow_down', 'expired_token', 'access_denied'] as const
  const { url } = await startFaulty(
    t,
    faults.map((name) => ({ fault: `token.${name}` as const, times: 1 })),
  )
  t.ok((await getTokens(url)).access_token)
  const begun = jsonOf(await send(`${url}/oauth2/device_authorization`, { form: { client_id: 'app' } }))
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  for (const error of faults) {
    const form = { grant_type, client_id: 'app', device_code: String(begun.device_code) }
    const received = await send(`${url}/oauth2/token`, { form })
    t.match(
      { ...received, ...jsonOf(received) },
      { status: 400, error, error_description: `the fault token.${error} is in force` },
    )
  }
})

t.test('jwks.stale: keys rotate once, and earlier signatures still verify', async (t) => {
  const keys = [{ alg: 'ES256' }, { alg: 'EdDSA' }, { alg: 'ES256' }] as const
  const { url } = await startFaulty(t, { fault: 'jwks.stale' }, { keys: structuredClone(keys) as never })
  const ask = await PREPARE.jwks(url)
  const before = await getTokens(url)
  const first = await ask()
  t.same(jsonOf(await ask()), jsonOf(first), 'the same set again')
  const set = createLocalJWKSet(jsonOf(first) as unknown as JSONWebKeySet)
  await t.resolves(jwtVerify(before.id_token!, set))
  const after = await getTokens(url)
  await t.rejects(jwtVerify(after.id_token!, set), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
})

t.test('jwks.reused_kid: the other key stays the same, and encryption keys are unchanged', async (t) => {
  const { url } = await startFaulty(
    t,
    { fault: 'jwks.reused_kid', match: { issuer: 'other' } },
    { keys: [{ alg: 'ES256' }, { alg: 'RS256' }], encryption_keys: [{ alg: 'ECDH-ES', jwk: ENCRYPTION_KEY }] },
  )
  const ask = await PREPARE.jwks(`${url}/issuers/other`)
  const sets = [jsonOf(await ask()), jsonOf(await ask())]
  t.same(sets[0], sets[1])
  const well = jsonOf(await send(`${url}/jwks`)).keys as object[]
  t.match(sets[0]!.keys, [{ kty: 'EC', crv: 'P-256' }, { kty: 'RSA' }, well[2]])
})

t.test('authorize.html_500: happens at the first step at which the rule matches', async (t) => {
  const users = [{ sub: 'alice' }, { sub: 'eve', faults: [{ fault: 'authorize.html_500' as const }] }]
  const { url } = await startFaulty(t, [], { users })
  t.equal((await send(authorizationUrl(url))).status, 200, 'the login page')
  t.ok(await findCode(url, 'alice'))
  const received = await send(authorizationUrl(url), { form: { sub: 'eve' } })
  t.match(received, { status: 500, headers: { location: undefined } })
})

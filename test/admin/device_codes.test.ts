/** Tests of listing, approving and denying device codes over HTTP. */
import { decodeJwt } from 'jose'
import t from 'tap'
import { exchange, jsonOf, refused, type TestApp } from '../app.js'
import { createAdminApp } from './api.js'

const PENDING = { client_id: 'tv', scope: 'openid', status: 'pending', interval: 5 }

async function begin({ post }: TestApp, base = '') {
  const answer = await post(`${base}/oauth2/device_authorization`, { client_id: 'tv', scope: 'openid' })
  return answer.json<{ device_code: string; user_code: string }>()
}

const poll = (test: TestApp, device_code: string) =>
  exchange(test, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    ...{ redirect_uri: '', client_id: 'tv', device_code },
  })

t.test('the list has device codes that are not redeemed, without the device_code itself', async (t) => {
  const test = await createAdminApp(t)
  t.strictSame(jsonOf(t, await test.call('GET', '/device_codes')), { device_codes: [] })
  const [first, second] = [await begin(test), await begin(test)]
  const answer = await test.call('GET', '/device_codes')
  t.match(jsonOf(t, answer), { device_codes: [first, second].map(({ user_code }) => ({ ...PENDING, user_code })) })
  t.notMatch(answer.body, first.device_code)
  t.strictSame(jsonOf(t, await test.call('GET', '/issuers/x/device_codes')), { device_codes: [] })
  await test.call('POST', `/device_codes/${first.user_code}/approve`, { sub: 'alice' })
  await poll(test, first.device_code)
  const [left, ...others] = jsonOf(t, await test.call('GET', '/device_codes')).device_codes as object[]
  t.match(left, { user_code: second.user_code })
  t.equal(others.length, 0)
  test.advance(600)
  t.match(jsonOf(t, await test.call('GET', '/device_codes')), { device_codes: [{ status: 'expired' }] })
})

t.test('approve logs in a known or an unknown user', async (t) => {
  const test = await createAdminApp(t, { users: [{ sub: 'alice' }] })
  for (const sub of ['alice', 'zoe']) {
    const { device_code, user_code } = await begin(test)
    const typed = user_code.toLowerCase().replace('-', '')
    const approved = jsonOf(t, await test.call('POST', `/device_codes/${typed}/approve`, { sub }))
    t.match(approved, { ...PENDING, user_code, status: 'approved' })
    t.match(decodeJwt(String(jsonOf(t, await poll(test, device_code)).id_token)), { sub, aud: 'tv', sid: String })
  }
})

t.test('a fault of approve, by name or as a rule, applies to this login only', async (t) => {
  const test = await createAdminApp(t)
  for (const fault of ['id_token.expired', { fault: 'id_token.expired', times: 1 }, undefined]) {
    const { device_code, user_code } = await begin(test)
    await test.call('POST', `/device_codes/${user_code}/approve`, {
      sub: 'alice',
      ...(fault !== undefined && { fault }),
    })
    const { exp, iat } = decodeJwt(String(jsonOf(t, await poll(test, device_code)).id_token))
    const now = Math.floor(Date.now() / 1000)
    t.equal(Number(exp) < now, fault !== undefined, `${JSON.stringify(fault)}: ${iat} to ${exp}`)
  }
})

t.test('deny refuses the device with access_denied', async (t) => {
  const test = await createAdminApp(t)
  const { device_code, user_code } = await begin(test)
  const denied = jsonOf(t, await test.call('POST', `/device_codes/${user_code}/deny`))
  t.match(denied, { ...PENDING, user_code, status: 'denied' })
  refused(t, await poll(test, device_code), 'access_denied', /denied/)
})

t.test('invalid members, an unknown user code and a second decision are refused', async (t) => {
  const test = await createAdminApp(t)
  const { device_code, user_code } = await begin(test)
  const path = `/device_codes/${user_code}`
  for (const [body, problem] of [
    [{}, /sub/],
    [{ sub: '' }, /sub/],
    [{ sub: 5 }, /sub/],
    [{ sub: 'alice', user: 'bob' }, /user/],
    [{ sub: 'alice', fault: 'id_token.unknown' }, /fault/],
    [{ sub: 'alice', fault: 5 }, /fault/],
    [{ sub: 'alice', fault: { fault: 'http.delay', times: 'x' } }, /times/],
  ] as const) {
    refused(t, await test.call('POST', `${path}/approve`, body), 'invalid_request', problem)
  }
  refused(t, await poll(test, device_code), 'authorization_pending', /^the end-user has not answered/)
  refused(t, await test.call('POST', '/device_codes/XXXX-XXXX/deny'), 'not_found', /XXXX-XXXX$/, 404)
  const elsewhere = await test.call('POST', `/issuers/x${path}/approve`, { sub: 'alice' })
  refused(t, elsewhere, 'not_found', /there is no device code with the user_code/, 404)
  await test.call('POST', `${path}/deny`)
  const again = await test.call('POST', `${path}/approve`, { sub: 'alice' })
  refused(t, again, 'invalid_request', /^user_code .{9} is denied, expected pending$/)
})

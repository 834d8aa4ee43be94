/** Faults of access tokens at introspection and userinfo: a resource server that asks notices them like one that verifies. */
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { FAULT_NAMES } from '../../src/faults/catalogue.js'
import type { ConfigInput, Fault } from '../../src/generated/input.js'
import { getTokens, getUserinfo, jsonOf } from '../app.js'
import { start } from './issued.js'

/** The faulty members of introspection; undefined stands for a missing member, `inactive` for an inactive token. */
const EXPECTED: Readonly<Record<string, 'inactive' | Readonly<Record<string, unknown>>>> = {
  bad_signature: 'inactive',
  alg_none: 'inactive',
  wrong_alg: 'inactive',
  hs256_with_public_key: 'inactive',
  missing_kid: {},
  unknown_kid: 'inactive',
  unpublished_key: 'inactive',
  malformed: 'inactive',
  wrong_iss: { iss: 'https://another-issuer.example' },
  wrong_aud: { aud: 'another-audience' },
  wrong_typ: 'inactive',
  missing_iss: { iss: undefined },
  missing_aud: { aud: undefined },
  missing_iat: { iat: undefined },
  missing_exp: { exp: undefined },
  expired: 'inactive',
  not_yet_valid: 'inactive',
  stale_iat: { iat: 'earlier', auth_time: 'earlier' },
  missing_sub: { sub: undefined },
  missing_scope: { scope: undefined },
  insufficient_scope: { scope: '' },
}

async function introspect(t: Test, faults: Fault[], config: ConfigInput = {}) {
  const test = await start(t, faults, {}, config)
  const { access_token } = await getTokens(test)
  const {
    iat,
    exp,
    auth_time,
    jti: _,
    ...rest
  } = jsonOf(t, await test.post('/oauth2/introspect', { client_id: 'app', token: access_token }))
  const week = Date.now() / 1000 - 6 * 86_400
  const times = Object.entries({ iat, exp, auth_time }).filter(([, time]) => time !== undefined)
  return {
    test,
    access_token,
    answer: {
      ...rest,
      ...Object.fromEntries(times.map(([name, at]) => [name, Number(at) < week ? 'earlier' : 'now'])),
    },
  }
}

t.test('every fault of access tokens has its case', async (t) => {
  const names = FAULT_NAMES.filter((name) => name.startsWith('access_token.')).map((name) => name.split('.')[1])
  t.strictSame(Object.keys(EXPECTED), names)
})

for (const [name, changed] of Object.entries(EXPECTED)) {
  const fault = `access_token.${name}` as Fault['fault']
  t.test(`RFC 7662 §2.2: ${fault} holds at introspection, unless the rule is for the JWT only`, async (t) => {
    const { answer: right } = await introspect(t, [])
    const { answer } = await introspect(t, [{ fault }])
    const expected = Object.entries({ ...right, ...(changed !== 'inactive' && changed) })
    const members = Object.fromEntries(expected.filter(([, value]) => value !== undefined))
    t.strictSame(answer, changed === 'inactive' ? { active: false } : members)
    const { test, access_token, answer: unchanged } = await introspect(t, [{ fault, jwt_only: true }])
    t.match(unchanged, { active: true, sub: 'alice', scope: 'openid', iss: 'http://localhost' })
    t.equal((await getUserinfo(test, access_token)).statusCode, 200)
  })
}

t.test('presets that have scp in the token have scope at introspection', async (t) => {
  const { answer } = await introspect(t, [{ fault: 'access_token.missing_scope' }], { preset: 'okta' })
  t.match(answer, { active: true, sub: 'alice' })
  t.notOk('scope' in answer || 'scp' in answer)
})

for (const name of ['expired', 'stale_iat', 'missing_iat', 'wrong_aud', 'missing_scope', 'malformed']) {
  const fault = `access_token.${name}` as Fault['fault']
  t.test(`a rule for the JWT only leaves every member of introspection as without the fault: ${fault}`, async (t) => {
    const issue = async (faults: Fault[]) => {
      const test = await start(t, faults)
      const { access_token } = await getTokens(test)
      const { jti, ...answer } = jsonOf(
        t,
        await test.post('/oauth2/introspect', { client_id: 'app', token: access_token }),
      )
      t.type(jti, 'string')
      return { test, access_token, answer }
    }
    const now = Math.floor(Date.now() / 1000)
    const { answer: right } = await issue([])
    const { test, access_token, answer } = await issue([{ fault, jwt_only: true }])
    const times = (members: Record<string, unknown>) => ({ ...members, iat: 0, exp: 0, auth_time: 0 })
    t.strictSame(times(answer), times(right))
    t.ok(Number(answer.iat) >= now && Number(answer.auth_time) >= now, 'the token was issued now')
    t.equal(Number(answer.exp) - Number(answer.iat), Number(right.exp) - Number(right.iat))
    const { tokens } = (await test.get('/admin/tokens?kind=access_token')).json<{ tokens: { payload?: object }[] }>()
    if (fault === 'access_token.malformed') t.match(tokens[0], { payload: { sub: 'alice' } })
    else t.strictSame(tokens[0]!.payload, decodeJwt(access_token), 'the admin API shows the token as it is')
  })
}

t.test('jwt_only is a parameter of access tokens alone', async (t) => {
  await t.rejects(start(t, [{ fault: 'id_token.expired', jwt_only: true }]), {
    message: /jwt_only is not a parameter of id_token.expired, which takes only by/,
  })
})

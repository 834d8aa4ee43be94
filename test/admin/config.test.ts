/** Tests of reading and reloading the configuration over HTTP. */
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { jsonOf, refused } from '../app.js'
import { start } from '../provider.js'
import { createAdminApp } from './api.js'

/** The key of RFC 7515 appendix A.3. */
const JWK = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
}

t.test('the configuration in force has defaults and no secrets', async (t) => {
  const secret = 'do-not-show-me'
  const test = await createAdminApp(t, {
    server: { admin_token: secret },
    pairwise_salt: secret,
    registration: { initial_access_token: secret },
    clients: [{ client_id: 'web', client_secret: secret, redirect_uris: ['http://localhost/cb'] }],
    users: [
      {
        sub: 'alice',
        access_token: { roles: ['admin'] },
        claim_sources: { bank: { claims: { a: 1 }, distributed: true, access_token: secret } },
      },
    ],
    keys: [{ alg: 'ES256', jwk: JWK }],
  })
  const answer = await test.call('GET', '/config')
  t.match(jsonOf(t, answer), {
    status: 'current',
    problems: [],
    files: [],
    config: {
      profile: 'lenient',
      lifetimes: { access_token: '1h' },
      users: [{ sub: 'alice', access_token: { roles: ['admin'] }, claim_sources: { bank: { access_token: '***' } } }],
      clients: [{ client_id: 'web', client_secret: '***' }],
      keys: [{ alg: 'ES256', jwk: '***' }],
      server: { admin_token: '***' },
      pairwise_salt: '***',
      registration: { initial_access_token: '***' },
    },
  })
  t.notMatch(answer.body, secret)
  t.notMatch(answer.body, JWK.d)
})

t.test('a reload returns whether the files are in force, and their problems', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: alice }]' })
  const config = `${folder}/config.yaml`
  const { url } = await start(t, {}, { config })
  const reload = async (base = '') => (await fetch(`${url}${base}/admin/config/reload`, { method: 'POST' })).json()
  const get = async () => (await fetch(`${url}/admin/config`)).json()
  t.strictSame(await reload(), { reloaded: true, problems: [], warnings: [] })
  writeFileSync(config, 'users: [{ sub: bob }]')
  t.strictSame(await reload('/issuers/x'), { reloaded: true, problems: [], warnings: [] })
  t.match(await get(), { status: 'current', files: [config], config: { users: [{ sub: 'bob' }] } })
  writeFileSync(config, 'users: [{ sbu: eve }]')
  const problem = { file: config, line: 1, column: 11, path: '/users/0/sbu', message: /^is not a known key/ }
  t.match(await reload(), { reloaded: false, problems: [{ path: '/users/0' }, problem] })
  t.match(await get(), { status: 'stale', problems: [{}, problem], config: { users: [{ sub: 'bob' }] } })
})

t.test('warnings of the configuration in force are shown until the file is right', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: alice, claims: { phone_number: +14255551234 } }]' })
  const config = `${folder}/config.yaml`
  const { url, line, lines } = await start(t, {}, { config })
  const reload = async () => (await fetch(`${url}/admin/config/reload`, { method: 'POST' })).json()
  const get = async () => (await fetch(`${url}/admin/config`)).json()
  const phone = { file: config, line: 1, column: 47, path: '/users/0/claims/phone_number' }
  t.match(await get(), { status: 'current', problems: [], warnings: [{ ...phone, message: /write "\+14255551234"$/ }] })
  const start_line = await line(
    /^the configuration is valid, but:\n\S+config.yaml:1:47 \/users\/0\/claims\/phone_number is /,
  )
  t.match(start_line, { level: 'warn', warnings: [phone] })
  writeFileSync(config, 'users: [{ sub: alice, claims: { birthdate: 1990 } }]')
  const birthdate = { path: '/users/0/claims/birthdate', message: /write "1990"$/ }
  t.match(await reload(), { reloaded: true, problems: [], warnings: [birthdate] })
  t.match(await line(/^the configuration is valid, but:/, 2), { warnings: [birthdate] })
  writeFileSync(config, 'users: [{ sub: 5 }]')
  t.match(await reload(), { reloaded: false, problems: [{}], warnings: [birthdate] })
  writeFileSync(config, 'users: [{ sub: alice, claims: { birthdate: "1990" } }]')
  t.strictSame(await reload(), { reloaded: true, problems: [], warnings: [] })
  t.equal(lines().filter(({ msg }) => msg?.startsWith('the configuration is valid, but')).length, 2)
})

t.test('unknown query parameters are refused', async (t) => {
  const test = await createAdminApp(t, {}, { reload: async () => false })
  t.strictSame(jsonOf(t, await test.call('POST', '/config/reload')), { reloaded: false, problems: [], warnings: [] })
  refused(t, await test.call('GET', '/config?secrets=true'), 'invalid_request', /^secrets is not a known key/)
  refused(t, await test.call('POST', '/config/reload?force=1'), 'invalid_request', /^force is not a known key/)
})

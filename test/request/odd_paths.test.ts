/** Paths for administration in odd spellings: access is decided by the route that answers, so none is a way around it. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { start } from '../provider.js'
import { sendRaw } from '../raw_request.js'

const HOST = 'Host: localhost'

/** Spellings of `/admin/users` below a base, and whether they reach its route. */
const SPELLINGS: [write: (base: string) => string, reaches: boolean][] = [
  [(base) => `${base}/admin/users`, true],
  [(base) => `${base}/admin/users?`, true],
  [(base) => `${base}//admin//users`, true],
  [(base) => `${base}/%61dmin/users`, true],
  [(base) => `${base}/admin/%75sers`, true],
  [(base) => `${base}/%61%64%6d%69%6e/%75%73%65%72%73`, true],
  [(base) => `http://localhost${base}/admin/users`, true],
  [(base) => `HTTP://localhost:1${base}/admin/users`, true],
  [(base) => `https://localhost${base}//admin/users`, true],
  [(base) => `${base}/Admin/users`, false],
  [(base) => `${base}/ADMIN/USERS`, false],
  [(base) => `${base}/admin/users/`, false],
  [(base) => `${base}/admin%2fusers`, false],
  [(base) => `${base}/%2561dmin/users`, false],
  [(base) => `${base}/./admin/users`, false],
  [(base) => `${base}/jwks/../admin/users`, false],
  [(base) => `${base}/jwks/%2e%2e/admin/users`, false],
  [(base) => `${base}/admin/.%2e/admin/users`, false],
  [(base) => `${base}/jwks/..;/admin/users`, false],
  [(base) => `${base}/admin;x=y/users`, false],
  [(base) => `${base}/admin/users;x=y`, false],
  [(base) => `${base}/admin\\users`, false],
  [(base) => `${base}/admin/users%00`, false],
  [(base) => `${base}/admin/users%20`, false],
  [(base) => `${base}/admin/users#x`, false],
]

const BASES: [title: string, config: ConfigInput, bases: string[]][] = [
  ['the root', {}, ['']],
  ['a base path', { server: { base_path: '/auth' } }, ['', '/auth']],
  ['a base path that begins like a route', { server: { base_path: '/admin' } }, ['/admin']],
  ['isolated issuers', {}, ['/issuers/one', '//issuers//one', '/issuers/%6fne']],
  [
    'isolated issuers below a base path',
    { server: { base_path: '/auth' } },
    ['/auth/issuers/one', '/auth//issuers/one'],
  ],
  ['a preset with a base path', { preset: 'keycloak' }, ['', '/realms/mock', '/issuers/one']],
  ['a preset without a base path', { preset: 'entra' }, ['', '/issuers/one']],
]

const LOCKED: [title: string, server: ConfigInput['server'] & object, headers: string[], status: number][] = [
  ['needs the token', { admin_token: 'secret' }, [HOST], 401],
  ['is switched off', { admin: false }, [HOST], 404],
  ['has its own port', { admin_port: 0 }, [HOST], 404],
  ['is closed to other sites', {}, [HOST, 'Origin: https://evil.example'], 403],
  ['is closed to links of other sites', {}, [HOST, 'Sec-Fetch-Site: cross-site'], 403],
]

for (const [where, config, bases] of BASES) {
  t.test(`the admin API at ${where} is the same in every spelling that reaches it`, async (t) => {
    const open = await start(t, config)
    for (const [what, server, headers, status] of LOCKED) {
      const locked = await start(t, { ...config, server: { ...config.server, ...server } })
      for (const base of bases) {
        for (const [write, reaches] of SPELLINGS) {
          const target = write(base)
          const send = (url: string, lines: string[]) => sendRaw(url, [`GET ${target} HTTP/1.1`, ...lines])
          const seen = await send(locked.url, headers)
          if (reaches) t.equal(seen.status, status, `${what}: ${target}`)
          else t.ok([400, 404, status].includes(seen.status), `${what}: ${target}: ${seen.status}`)
          if (what !== LOCKED[0]![0]) continue
          t.equal((await send(open.url, [HOST])).status === 200, reaches, `open: ${target}`)
        }
      }
    }
  })
}

t.test('RFC 9112 §3.2.2: an absolute target is judged by its own host', async (t) => {
  const { url } = await start(t)
  const status = async (target: string, host: string) =>
    (await sendRaw(url, [`GET ${target} HTTP/1.1`, `Host: ${host}`])).status
  t.equal(await status('http://evil.example/admin/users', 'localhost'), 403)
  t.equal(await status('http://evil.example/issuers/one/admin/users', 'localhost'), 403)
  t.equal(await status('http://localhost/admin/users', 'evil.example'), 200)
})

t.test('RFC 3986 §3.3: /issuers in another spelling names no issuer', async (t) => {
  const { url } = await start(t, { server: { base_path: '/auth' } })
  for (const path of [
    '/%69ssuers/one',
    '/Issuers/one',
    '/issuers%2fone',
    '/./issuers/one',
    '/auth/%69ssuers/one',
    '/%61uth/issuers/one',
  ]) {
    for (const end of ['', '/jwks', '/admin/users', '/users/alice']) {
      const answer = await sendRaw(url, [`GET ${path}${end} HTTP/1.1`, HOST])
      t.equal(answer.status, 404, path + end)
    }
  }
  for (const name of ['.', '..', '%2e%2e', '%2e', '%20', 'a%2fb', '*', '%00', 'a:b', 'x'.repeat(65)]) {
    const answer = await sendRaw(url, [`GET /issuers/${name}/admin/users HTTP/1.1`, HOST])
    t.equal(answer.status, 404, name)
  }
})

t.test('RFC 9110 §15.5.6: a method that a path does not have is 405, with and without the admin token', async (t) => {
  const { url } = await start(t, { server: { admin_token: 'secret' } })
  for (const target of ['/users/alice', '/issuers/one/users/alice', '/users/alice/revoke-tokens', '/admin/reset']) {
    for (const authorization of [[], ['Authorization: Bearer secret'], ['Authorization: Bearer x']]) {
      const answer = await sendRaw(url, [`GET ${target} HTTP/1.1`, HOST, ...authorization])
      t.equal(answer.status, 405, target)
      t.match(answer.head, /allow: (PUT|POST)/)
    }
  }
})

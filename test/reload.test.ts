/** A provider whose files change while it serves. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type Test, test } from 'tap'
import type { Sources } from '../src/config/load.js'
import { createProvider, type Running } from '../src/provider.js'
import { authorize, getTokens, loginPage, userinfo, write } from './cli/effects.js'
import { collectLog, type LogLines } from './log_lines.js'
import { holdRequest } from './raw_request.js'
import { createStore } from './store/create.js'
import { exhaustWatches } from './watches.js'

const RELOADED = /^configuration reloaded/
const NOT_RELOADED = /^configuration not reloaded; the previous configuration stays active:\n/

async function start(
  t: Test,
  sources: Partial<Sources>,
): Promise<{ provider: Running; issuer: string; log: LogLines }> {
  const log = collectLog()
  const here = { source: 'test', path: ['server'], value: { port: 0, host: '127.0.0.1' } }
  // An elliptic key is made in no time.
  const keys = { source: 'test', path: ['keys'], value: [{ alg: 'ES256' }] }
  const provider = await createProvider({ overrides: [here, keys], env: {}, ...sources }, log.stream, createStore)
  t.teardown(() => provider.close())
  return { provider, issuer: provider.issuer, log }
}

const usersYaml = (...subs: string[]) => `users: [${subs.map((sub) => `{ sub: ${sub} }`).join(', ')}]\n`

async function offered(issuer: string): Promise<string[]> {
  return [...(await loginPage(issuer)).matchAll(/>Authorize as ([^<]+)</g)].map(([, sub]) => sub!)
}

async function health(issuer: string): Promise<{ config: { status: string; problems: object[] } }> {
  const answer = await fetch(`${issuer}/healthz`)
  return (await answer.json()) as { config: { status: string; problems: object[] } }
}

test('a file written in place or replaced causes one reload, visible on the login page', async (t) => {
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', usersYaml('alice'))
  const { issuer, log } = await start(t, { config })
  t.strictSame(await offered(issuer), ['alice'])

  writeFileSync(config, usersYaml('bob'))
  t.match(await log.nth(1, RELOADED), { level: 'info', changes: { users: { added: ['bob'], removed: ['alice'] } } })
  t.strictSame(await offered(issuer), ['bob'])

  renameSync(write(folder, 'config.yaml.new', usersYaml('bob', 'carol')), config)
  t.match(await log.nth(2, RELOADED), { changes: { users: { added: ['carol'], removed: [] } } })
  t.strictSame(await offered(issuer), ['bob', 'carol'])

  rmSync(config)
  writeFileSync(config, usersYaml('dave'))
  await log.nth(3, RELOADED)
  t.strictSame(await offered(issuer), ['dave'])
  // One reload too many for any of them would have come before the last.
  t.equal(log.matching(RELOADED).length, 3)
  t.equal(log.matching(NOT_RELOADED).length, 0)
})

test('the symlink swap of a mounted ConfigMap causes one reload', async (t) => {
  // As the kubelet does it: the file is a link through the link `..data`, which is replaced by a rename.
  const folder = t.testdir({})
  const swap = (version: string, content: string) => {
    mkdirSync(join(folder, version))
    write(join(folder, version), 'config.yaml', content)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  swap('..1', usersYaml('alice'))
  const config = join(folder, 'config.yaml')
  symlinkSync('..data/config.yaml', config)
  const { issuer, log } = await start(t, { config })
  t.strictSame(await offered(issuer), ['alice'])
  for (const [index, sub] of ['bob', 'carol', 'dave'].entries()) {
    swap(`..${index + 2}`, usersYaml(sub))
    await log.nth(index + 1, RELOADED)
    rmSync(join(folder, `..${index + 1}`), { recursive: true })
    t.strictSame(await offered(issuer), [sub])
  }
  t.equal(log.matching(RELOADED).length, 3)
  t.equal(log.matching(NOT_RELOADED).length, 0)
})

test('config and users that one swap of a ConfigMap replaces are one reload', async (t) => {
  const folder = t.testdir({})
  const swap = (version: number) => {
    mkdirSync(join(folder, `..${version}`))
    write(join(folder, `..${version}`), 'config.yaml', usersYaml(`config-${version}`))
    write(join(folder, `..${version}`), 'users.yaml', `- sub: user-${version}\n`)
    symlinkSync(`..${version}`, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  swap(0)
  for (const name of ['config.yaml', 'users.yaml']) symlinkSync(`..data/${name}`, join(folder, name))
  const { log } = await start(t, { config_dir: folder })
  for (const version of [1, 2, 3]) {
    swap(version)
    t.match(await log.nth(version, RELOADED), {
      changes: {
        users: {
          added: [`config-${version}`, `user-${version}`],
          removed: [`config-${version - 1}`, `user-${version - 1}`],
        },
      },
    })
  }
  t.equal(log.matching(RELOADED).length, 3)
  t.equal(log.matching(NOT_RELOADED).length, 0)
})

test('the beginning of a file does not come into force while the rest is written', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', `require_registration: true\n${usersYaml('alice')}`)
  const { issuer, log } = await start(t, { config })
  const handle = await open(config, 'w')
  // Each of these beginnings is a valid configuration, and the last has no full line.
  for (const part of ['users:\n', '- sub: al', 'ice\n- sub: b', 'ob\n', 'require_', 'registration: true\n']) {
    await handle.write(part)
    t.equal((await authorize(issuer)).status, 400, 'an unregistered client is refused')
    await setTimeout(200)
  }
  await handle.close()
  t.match(await log.nth(1, RELOADED), { changes: { users: { added: ['bob'], removed: [] }, flags: [] } })
  t.equal(log.matching(NOT_RELOADED).length, 0)
})

test('files that the configuration names are watched, also while they do not exist', async (t) => {
  const folder = t.testdir({})
  const keyOf = (kid: string) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid })
  }
  const here = { source: 'test', path: ['server'], value: { port: 0, host: '127.0.0.1' } }
  const config = write(folder, 'config.yaml', 'keys: [{ alg: ES256 }]\n')
  const { issuer, log } = await start(t, { config, overrides: [here] })
  const kids = async () =>
    ((await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet).keys.map(({ kid }) => String(kid))
  writeFileSync(config, 'keys: [{ alg: ES256, file: key.json }]\n')
  t.match((await log.nth(1, NOT_RELOADED)).msg, /key\.json, which does not exist/)
  write(folder, 'key.json', keyOf('one'))
  t.match(await log.nth(1, RELOADED), { changes: { keys: { added: ['one'] } } })
  write(folder, 'key.json', keyOf('two'))
  t.match(await log.nth(2, RELOADED), { changes: { keys: { added: ['two'], removed: ['one'] } } })
  t.strictSame(await kids(), ['two'])
})

test('a configuration that was refused because a file was written comes into force when the file is quiet', async (t) => {
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', usersYaml('alice'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = write(folder, 'key.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const here = { source: 'test', path: ['server'], value: { port: 0, host: '127.0.0.1' } }
  const { issuer, log } = await start(t, { config, overrides: [here] })
  let isWritten = true
  const touching = (async () => {
    while (isWritten) {
      utimesSync(key, 1, 1)
      await setImmediate()
    }
  })()
  writeFileSync(config, `${usersYaml('bob')}keys: [{ alg: ES256, file: key.pem }]\n`)
  t.match(await log.nth(1, NOT_RELOADED), { problems: [{ file: key, message: /^changes while it is read/ }] })
  isWritten = false
  await touching
  await log.nth(1, RELOADED)
  t.match((await health(issuer)).config, { status: 'current', problems: [] })
  t.strictSame(await offered(issuer), ['bob'])
})

test('the log warns once of a file that is written all the time', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', usersYaml('alice'))
  const { log } = await start(t, { config })
  writeFileSync(config, usersYaml('bob'))
  const touching = setInterval(() => utimesSync(config, 1, 1), 20)
  const message = `${config} is written all the time, expected 250 ms without a write; not reloaded until then`
  t.match(await log.nth(1, /is written all the time/), { level: 'warn', files: [config], msg: message })
  clearInterval(touching)
  await log.nth(1, RELOADED)
  t.equal(log.matching(/is written all the time/).length, 1)
})

test('a reload is refused while each read of a file is different', {
  skip: process.platform !== 'linux' && 'only Linux has /proc',
}, async (t) => {
  const config = write(t.testdir({}), 'config.yaml', usersYaml('alice'))
  const { provider, issuer } = await start(t, { config })
  symlinkSync('/proc/sys/kernel/random/uuid', `${config}.new`)
  renameSync(`${config}.new`, config)
  t.equal(await provider.reload(), false)
  t.match(await health(issuer), { config: { problems: [{ file: config, message: /^changes while it is read/ }] } })
  renameSync(write(t.testdirName, 'config.yaml.new', usersYaml('bob')), config)
  t.equal(await provider.reload(), true)
  t.match((await health(issuer)).config, { status: 'current', problems: [] })
  t.strictSame(await offered(issuer), ['bob'])
})

test('the claims file is watched', async (t) => {
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', usersYaml('alice'))
  const user_claims_file = write(folder, 'users.json', '[{ "sub": "bob", "plan": "gold" }]')
  const { issuer, log } = await start(t, { config, user_claims_file })
  t.strictSame(await offered(issuer), ['alice', 'bob'])
  writeFileSync(user_claims_file, '[{ "sub": "bob", "plan": "silver" }, { "sub": "carol" }]')
  t.match(await log.nth(1, RELOADED), { changes: { users: { added: ['carol'], removed: [], changed: ['bob'] } } })
  t.strictSame(await offered(issuer), ['alice', 'bob', 'carol'])
  t.strictSame(await userinfo(issuer, 'bob'), { sub: 'bob', plan: 'silver' })
  t.equal(log.matching(RELOADED).length, 1)
})

test('flags override the reloaded file', async (t) => {
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', usersYaml('alice'))
  const overrides = [
    { source: '--port', path: ['server', 'port'], value: 0 },
    { source: '--require-nonce', path: ['require_nonce'], value: true },
    { source: '--user', path: ['users'], value: { sub: 'zoe' }, append: true },
  ]
  const { issuer, log } = await start(t, { config, overrides })
  writeFileSync(config, `require_nonce: false\n${usersYaml('bob')}`)
  await log.nth(1, RELOADED)
  t.equal((await authorize(issuer)).status, 302, 'refused without nonce')
  const page = await (await authorize(issuer, { nonce: 'n' })).text()
  t.match(page, /Authorize as bob[\s\S]*Authorize as zoe/)
})

test('a file with errors changes nothing until it is repaired', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', usersYaml('alice'))
  const { provider, issuer, log } = await start(t, { config })
  t.strictSame((await health(issuer)).config, { status: 'current', problem_count: 0, problems: [] })

  writeFileSync(config, 'user: []\nrequire_nonce: maybe\n')
  const line = await log.nth(1, NOT_RELOADED)
  const problems = [
    { file: config, line: 1, column: 1, path: '/user', message: 'is not a known key; did you mean users?' },
    { file: config, line: 2, column: 16, path: '/require_nonce' },
  ]
  t.match(line, { level: 'error', problems })
  t.match(line.msg, `${config}:1:1 /user is not a known key; did you mean users?\n${config}:2:16 /require_nonce `)
  t.match(await health(issuer), { status: 'ok', config: { status: 'stale', problems } })
  t.strictSame(await offered(issuer), ['alice'])
  t.equal(await provider.reload(), false)

  writeFileSync(config, usersYaml('bob'))
  await log.nth(1, RELOADED)
  t.strictSame((await health(issuer)).config, { status: 'current', problem_count: 0, problems: [] })
  t.strictSame(await offered(issuer), ['bob'])
  t.equal(await provider.reload(), true)
})

test('a reload shows no secret in the log, at /healthz and at /admin/config', async (t) => {
  const secret = 'c4nary'
  const valid = `pairwise_salt: ${secret}\nregistration: { initial_access_token: ${secret} }\n`
  const config = write(t.testdir({}), 'config.yaml', '{}')
  const { provider, issuer, log } = await start(t, { config })
  const good = [valid, valid.replaceAll(secret, `${secret}-2`)]
  const bad = [
    secret,
    `registration: ${secret}`,
    `${valid}  registration`,
    `pairwise_salt: *${secret}`,
    `registration: { initial_access_token:${secret} }`,
    `issuer: http://${secret}@localhost`,
    `outbound: { ca: "-----BEGIN ${secret}-----" }`,
  ]
  for (const text of [...good, ...bad]) {
    writeFileSync(config, `${text}\n`)
    t.equal(await provider.reload(), good.includes(text), text)
    for (const path of ['/healthz', '/admin/config']) {
      t.notMatch(await (await fetch(`${issuer}${path}`)).text(), secret, path)
    }
  }
  t.equal(log.matching(NOT_RELOADED).length, bad.length)
  t.notMatch(JSON.stringify(log.matching(/^/)), secret)
})

test('a request in flight keeps the configuration of its start', async (t) => {
  const client =
    '{ client_id: app, redirect_uris: ["http://localhost:8000/callback"], token_endpoint_auth_method: none }'
  const config = write(t.testdir({}), 'config.yaml', `require_registration: true\nclients: [${client}]\n`)
  const { issuer, log } = await start(t, { config })
  const query = new URLSearchParams({
    client_id: 'app',
    redirect_uri: 'http://localhost:8000/callback',
    response_type: 'code',
  })
  const held = await holdRequest(t, issuer, `/oauth2/authorize?${query}`, 'sub=alice'.length)

  writeFileSync(config, 'require_registration: true\n')
  t.match(await log.nth(1, RELOADED), { changes: { clients: { removed: ['app'] } } })
  t.equal((await authorize(issuer)).status, 400, 'a new request finds no client')

  t.match(
    await held.finish('sub=alice'),
    /^HTTP\/1\.1 302 [\s\S]*\r\nlocation: http:\/\/localhost:8000\/callback\?code=/i,
  )
})

test('keys and tokens survive a reload', async (t) => {
  const keys = 'keys: [{ alg: ES256 }, { alg: ES256 }, { alg: EdDSA, keep_in: key.json }, { alg: RS256, kid: mine }]\n'
  const config = write(t.testdir({}), 'config.yaml', `${usersYaml('alice')}${keys}`)
  const here = { source: 'test', path: ['server', 'port'], value: 0 }
  const { issuer, log } = await start(t, { config, overrides: [here] })
  const jwks = async () => (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet
  const before = await jwks()
  const { id_token, access_token } = await getTokens(issuer)

  writeFileSync(config, `${usersYaml('alice', 'bob')}${keys}`)
  t.match(await log.nth(1, RELOADED), { changes: { keys: { added: [], removed: [] } } })
  t.strictSame(await jwks(), before)
  t.equal(before.keys.length, 4)
  const { payload } = await jwtVerify(String(id_token), createLocalJWKSet(await jwks()), { issuer })
  t.equal(payload.sub, 'alice')
  const answer = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
  t.equal(answer.status, 200)

  writeFileSync(config, `${usersYaml('alice', 'bob')}keys: [{ alg: RS256, kid: mine }]\n`)
  t.match(await log.nth(2, RELOADED), { changes: { keys: { added: [] } } })
  t.strictSame(await jwks(), { keys: before.keys.slice(3) }, 'a key that is no longer asked for goes')
})

test('the log lists the changes of a reload and the keys that need a restart', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', 'server: { port: 0 }\n')
  const overrides = [{ source: 'test', path: ['keys'], value: [{ alg: 'ES256' }] }]
  const { issuer, log } = await start(t, { config, overrides })
  writeFileSync(
    config,
    'server: { port: 9400, max_issuers: 5 }\nlog: { level: debug }\nlifetimes: { access_token: 5m }\n',
  )
  const { changes, msg } = await log.nth(1, RELOADED)
  t.match(changes, {
    users: { added: [], removed: [], changed: [] },
    clients: { added: [], removed: [], changed: [] },
    keys: { added: [], removed: [] },
  })
  const { flags, needs_restart } = changes as { flags: string[]; needs_restart: string[] }
  t.strictSame(flags.toSorted(), ['lifetimes.access_token: 1h → 5m', 'log.level: info → debug'])
  t.strictSame(needs_restart.toSorted(), ['server.max_issuers', 'server.port'])
  t.match(msg, 'lifetimes.access_token')
  t.match(msg, 'server.port')
  t.equal((await getTokens(issuer)).expires_in, 300, 'at the port as before')
  t.match(await log.nth(1, /^answered$/), { level: 'debug' }, 'the new level is in force')
})

test('reload() reads the files at once and in order', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', usersYaml('alice'))
  const { provider, issuer } = await start(t, { config })
  writeFileSync(config, usersYaml('bob'))
  t.strictSame(await Promise.all([provider.reload(), provider.reload()]), [true, true])
  t.strictSame(await offered(issuer), ['bob'])
})

test('a defect of the program is not reported as a file problem and does not end reloading', async (t) => {
  let broken = false
  const fault = {
    source: 'test',
    value: { port: 0 },
    get path() {
      if (broken) throw new Error('a fault')
      return ['server']
    },
  }
  const { provider } = await start(t, { overrides: [fault] })
  broken = true
  await t.rejects(provider.reload(), { message: 'a fault' })
  broken = false
  t.equal(await provider.reload(), true)
})

test('if the system cannot watch files, the log says so and the provider keeps running', async (t) => {
  exhaustWatches(t)
  const config = write(t.testdir({}), 'config.yaml', usersYaml('alice'))
  const { issuer, log } = await start(t, { config })
  t.match(await log.nth(1, /^watching failed/), { level: 'warn', err: { code: 'ENOSPC' } })
  t.strictSame(await offered(issuer), ['alice'])
})

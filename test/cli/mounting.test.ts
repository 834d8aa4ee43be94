/** What is mounted into a container, from outside: folders, texts, polling, signals. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { PROGRAM } from '../root.js'
import { run, serve } from './program.js'

async function loginPage(issuer: string): Promise<string> {
  const query = new URLSearchParams({
    client_id: 'app',
    redirect_uri: 'http://localhost:8000/callback',
    response_type: 'code',
  })
  return (await fetch(`${issuer}/oauth2/authorize?${query}`)).text()
}

/** The problems that /healthz shows. */
async function problemsAt(issuer: string): Promise<string[]> {
  const answer = await fetch(`${issuer}/healthz`)
  const { status, config } = (await answer.json()) as {
    status: string
    config: { status: string; problems: { message: string }[] }
  }
  const problems = config.problems.map(({ message }) => message)
  return status === 'ok' && config.status === (problems.length === 0 ? 'current' : 'stale') ? problems : [status]
}

const environmentOf = (flag: string) => `OIDC_PROVIDER_MOCK_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`

/** The arguments and the environment for a value, once as a flag and once as a variable. */
function* bothWays(flag: string, value: string): Generator<[string[], Record<string, string>]> {
  yield [[flag, value], {}]
  yield [[], { [environmentOf(flag)]: value }]
}

test('files that appear, change and disappear in the folder cause a reload', async (t) => {
  for (const [args, env] of bothWays('--config-dir', t.testdir({}))) {
    const folder = args[1] ?? env.OIDC_PROVIDER_MOCK_CONFIG_DIR!
    const { issuer, line, end } = await serve(t, args, env)
    const [config, users] = [join(folder, 'config.yaml'), join(folder, 'users.yaml')]
    t.notMatch(await loginPage(issuer), 'Predefined users')
    writeFileSync(users, '- sub: alice\n')
    await line(/reloaded: users \+alice/)
    t.match(await loginPage(issuer), 'Authorize as alice')
    writeFileSync(config, 'users: [{ sub: bob }]\n')
    await line(/reloaded: users \+bob/)
    t.match(await loginPage(issuer), 'Authorize as bob')
    writeFileSync(config, '')
    await line(/not reloaded.*is empty/)
    t.match(await problemsAt(issuer), [/^is empty/])
    rmSync(config)
    await line(/not reloaded.*was deleted/)
    t.match(await problemsAt(issuer), [/^was deleted/])
    t.match(await loginPage(issuer), 'Authorize as bob', 'what was in force stays')
    writeFileSync(config, 'users: [{ sub: carol }]\n')
    await line(/reloaded: users \+carol -bob/)
    t.strictSame(await problemsAt(issuer), [])
    t.match(await loginPage(issuer), 'Authorize as carol')
    await end()
    rmSync(config)
    rmSync(users)
  }
})

test('--config-inline takes the configuration as text', async (t) => {
  for (const [args, env] of bothWays('--config-inline', 'users: [{ sub: zoe }]')) {
    const { issuer } = await serve(t, args, env)
    t.match(await loginPage(issuer), 'Authorize as zoe')
  }
  const wrong = { OIDC_PROVIDER_MOCK_CONFIG_INLINE: 'require_nonce: true\nuser: []\n' }
  t.match(await run([], wrong), {
    code: 2,
    stdout: '',
    stderr: 'OIDC_PROVIDER_MOCK_CONFIG_INLINE:2:1 /user is not a known key; did you mean users?\n',
  })
  t.match(await run(['--config', 'config.yaml'], wrong), {
    code: 2,
    stdout: '',
    stderr: 'OIDC_PROVIDER_MOCK_CONFIG_INLINE is a configuration, and config.yaml is another one; remove one of them\n',
  })
})

test('--watch-poll reloads changed files', async (t) => {
  const ways: [string[], Record<string, string>][] = [
    [['--watch-poll'], {}],
    [['--watch-poll=true'], {}],
    [[], { OIDC_PROVIDER_MOCK_WATCH: 'poll' }],
    [['--watch-poll=false'], { OIDC_PROVIDER_MOCK_WATCH: 'poll' }],
    [[], { OIDC_PROVIDER_MOCK_WATCH: 'events' }],
  ]
  const folder = t.testdir({})
  const follow = async ([args, env]: (typeof ways)[number], index: number) => {
    const file = join(folder, `${index}.yaml`)
    writeFileSync(file, 'users: [{ sub: alice }]')
    const { issuer, line, end } = await serve(t, ['--config', file, ...args], env)
    writeFileSync(`${file}.new`, 'users: [{ sub: bob }]')
    renameSync(`${file}.new`, file)
    await line(/reloaded: users \+bob -alice/)
    t.match(await loginPage(issuer), 'Authorize as bob')
    t.match(await end(), { code: 0, stderr: '' })
  }
  await Promise.all(ways.map(follow))
  t.match(await run([], { OIDC_PROVIDER_MOCK_WATCH: 'often' }), {
    code: 2,
    stderr: 'OIDC_PROVIDER_MOCK_WATCH is "often", expected poll (or true) or events (or false)\n',
  })
})

test('a signal before listening ends the process', {
  skip: process.platform === 'win32' && 'Windows has neither signals nor named pipes',
}, async (t) => {
  const pipe = join(t.testdir({}), 'config.yaml')
  execFileSync('mkfifo', [pipe])
  const child = spawn(process.execPath, [PROGRAM, '--port', '0', '--config', pipe], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  // Opening it waits for a reader, so the program reads its configuration from here on.
  const handle = await open(pipe, 'w')
  child.kill('SIGTERM')
  await handle.writeFile('users: []')
  await handle.close()
  t.strictSame(await ended, [0, null])
})

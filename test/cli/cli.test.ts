/** The command line, and its process. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { type Test, test } from 'tap'
import { FLAGS, variableOf } from '../../src/cli/flags.js'
import { runProgram } from '../../src/cli/program.js'
import type { Sources } from '../../src/config/load.js'
import { createProvider } from '../../src/provider.js'
import { collectLines } from '../log_lines.js'
import { holdRequest } from '../raw_request.js'
import { ROOT } from '../root.js'
import { logIn, loginPage, postToken, write } from './effects.js'
import { refused, run, runProcess, serve, serveProcess } from './program.js'

test('the log says where it listens, as JSON if the output is not a terminal', async (t) => {
  const { issuer, line } = await serve(t, ['--user', 'alice'])
  t.match(issuer, /^http:\/\/localhost:[1-9][0-9]*$/)
  t.match(JSON.parse(await line(/listening/)), {
    level: 'info',
    issuer,
    login_url: `${issuer}/oidc/login`,
    journal_url: `${issuer}/admin/journal`,
    profile: 'lenient',
    users: 1,
    clients: 0,
    files: [],
    msg: `listening on ${issuer}`,
  })
  t.equal((await fetch(`${issuer}/healthz`)).status, 200)
})

test('--log-format pretty writes a line for each URL and fact of the start', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', 'users: [{ sub: alice }]\n')
  const { issuer, line, end } = await serve(t, ['--log-format=pretty', '--config', config])
  await line(/files:/)
  const lines = (await end()).stdout.split('\n')
  const start = lines.findIndex((each) => /listening/.test(each))
  t.match(lines[start], new RegExp(`^\\[\\d\\d:\\d\\d:\\d\\d\\] INFO: listening on ${issuer}$`))
  t.strictSame(lines.slice(start + 1, start + 8), [
    `    issuer:      ${issuer}`,
    `    try a login: ${issuer}/oidc/login`,
    `    journal:     ${issuer}/admin/journal`,
    '    profile:     lenient',
    '    users:       1',
    '    clients:     0',
    `    files:       ${config}`,
  ])
})

test('--log-format pretty has no JSON after the lines of the start, and names standard input and the second ports', async (t) => {
  const stdin = Readable.from(['users: [{ sub: alice }]\n'])
  const args = ['--log-format=pretty', '-c', '-', '--admin-port', '0', '--http-port', '0', '--tls-self-signed']
  const { line, end } = await serve(t, args, {}, { stdin })
  await line(/admin API on https:.* only$/)
  const { stdout } = await end()
  t.match(stdout, /^ {4}http: {8}http:\/\/localhost:\d+$/m)
  t.match(stdout, /^ {4}files: {7}<stdin>$/m)
  t.notMatch(stdout, '_url')
})

test('the start names the URLs at which a browser reaches the login page, and a program the journal', async (t) => {
  const { line } = await serve(t, ['--public-url', 'http://op.test:9400/auth', '--admin-port', '0'])
  const { login_url, journal_url, admin_url } = JSON.parse(await line(/listening/)) as Record<string, string>
  t.equal(login_url, 'http://op.test:9400/auth/oidc/login')
  t.equal(journal_url, `${admin_url}/auth/admin/journal`)
  t.equal((await fetch(journal_url!)).status, 200)
  const without = await serve(t, ['--no-admin'])
  const started = JSON.parse(await without.line(/listening/)) as Record<string, string>
  t.notOk('journal_url' in started)
  t.equal((await fetch(started.login_url!, { redirect: 'manual' })).status, 200)
})

test('an issuer that differs from the address is logged with it', async (t) => {
  const { issuer, line } = await serve(t, ['--issuer', 'https://id.example'])
  const { msg } = JSON.parse(await line(/listening/)) as { msg: string }
  t.equal(msg, `listening on ${issuer} as https://id.example`)
})

test('--help lists every flag with its variable below the heading of its group', async (t) => {
  for (const help of ['--help', '-h']) {
    const { code, stdout, stderr } = await run([help])
    t.equal(code, 0)
    t.equal(stderr, '')
    const rows = stdout.split('\n')
    let place = 0
    for (const flag of FLAGS) {
      if (flag.heading !== undefined) place = rows.indexOf(flag.heading, place)
      t.ok(place > 0, `the heading of ${flag.names}`)
      const row = rows.findIndex((each) => each.startsWith(`  ${`${flag.names} ${flag.value}`.trim()}`))
      t.ok(row > place, flag.names)
      const end = rows.findIndex((each, index) => index > row && !each.startsWith('      '))
      t.match(rows.slice(row, end).join('\n'), `[${variableOf(flag)}]`)
      place = row
    }
    t.match(stdout, 'validate [options] <FILE...>')
  }
  const { code, stdout } = await run(['validate', '--help'])
  t.equal(code, 0)
  t.match(stdout, '--format <FORMAT>')
})

test('--help fits the terminal: at most 120 columns, 80 without a terminal, and at least 40', async (t) => {
  const cases = [
    [200, 120],
    [100, 100],
    [undefined, 80],
    [60, 60],
    [10, 60],
  ] as const
  for (const [columns, longest] of cases) {
    const { stdout } = await run(['--help'], {}, columns === undefined ? {} : { isTTY: true, columns })
    const widths = plain(stdout)
      .split('\n')
      .map((row) => row.length)
    t.ok(Math.max(...widths) <= longest, `${columns}: ${Math.max(...widths)}`)
    t.ok(Math.max(...widths) > longest - 20, `${columns}: the width is used`)
  }
  const doctor = await run(['doctor', '--help'], {}, { isTTY: true, columns: 72 })
  t.ok(
    plain(doctor.stdout)
      .split('\n')
      .every((row) => row.length <= 72),
  )
})

test('NO_COLOR prevents colors, FORCE_COLOR writes them without a terminal, and NO_COLOR wins', async (t) => {
  const cases: [Record<string, string>, boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '' }, false, false],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: 'false' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ]
  for (const [env, isTTY, expected] of cases) {
    const title = JSON.stringify({ ...env, isTTY })
    const colored = (text: string) => text !== plain(text)
    const outputs = { isTTY, columns: 80 }
    t.equal(colored((await run(['--help'], env, outputs)).stdout), expected, `--help ${title}`)
    t.equal(colored((await run(['--bogus'], env, outputs)).stderr), expected, `a wrong flag ${title}`)
    t.equal(colored((await run(['--port', 'x'], env, outputs)).stderr), expected, `a wrong value ${title}`)
    const { line } = await serve(t, ['--log-format', 'pretty'], env, outputs)
    t.equal(colored(await line(/listening/)), expected, `the log ${title}`)
  }
})

test('--quiet logs warnings only, --verbose every request', async (t) => {
  for (const [args, env] of [
    [['-q'], {}],
    [['--quiet'], {}],
    [[], { OIDC_PROVIDER_MOCK_QUIET: 'true' }],
  ] as const) {
    // Without a token, the log warns of an admin API that other machines reach.
    const { stdout } = await serveQuietly(t, [...args, '--host', '0.0.0.0'], env)
    t.strictSame(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).level),
      ['warn'],
    )
  }
  for (const [args, env] of [
    [['-v'], {}],
    [['--verbose'], { OIDC_PROVIDER_MOCK_LOG_LEVEL: 'error' }],
    [[], { OIDC_PROVIDER_MOCK_VERBOSE: '1', OIDC_PROVIDER_MOCK_QUIET: 'false' }],
  ] as const) {
    const { issuer, line } = await serve(t, args, env)
    await fetch(`${issuer}/healthz`)
    t.match(JSON.parse(await line(/answered/)), { level: 'debug', path: '/healthz', status: 200 })
  }
})

/** Starts and stops a provider whose log may have no line of the start. */
async function serveQuietly(t: Test, args: readonly string[], env: Record<string, string>) {
  const stdout = collectLines()
  const stderr = collectLines()
  const serve = async (sources: Sources) => (await createProvider(sources, stdout.stream)).close()
  const streams = { stdin: Readable.from([]), stdout: stdout.stream, stderr: stderr.stream }
  t.equal(await runProgram(['--port', '0', ...args], { env, ...streams, serve }), 0)
  return { stdout: stdout.text() }
}

/** Removes colors and other styles. */
const plain = (text: string) => stripVTControlCharacters(text)

test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const flag of ['--version', '-V']) {
    t.match(await run([flag]), { code: 0, stdout: `${version}\n`, stderr: '' })
  }
})

test('the exit code of the process is that of the command line', async (t) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  t.match(await runProcess(t, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  refused(t, await runProcess(t, ['--port', 'http']), [/^--port is the text "http", expected a whole number/])
})

test('an unexpected error is not turned into a message', async (t) => {
  const error = new Error('a defect')
  const { stream } = collectLines()
  const serve = () => Promise.reject(error)
  await t.rejects(runProgram([], { env: {}, stdin: Readable.from([]), stdout: stream, stderr: stream, serve }), error)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process with code 0`, async (t) => {
    const { issuer, end } = await serveProcess(t)
    t.equal((await fetch(`${issuer}/healthz`)).status, 200)
    t.match(await end(signal), { code: 0, signal: null, stderr: '' })
    await t.rejects(fetch(`${issuer}/healthz`), 'nothing listens any more')
  })
}

test('a request in flight is answered before the process ends', async (t) => {
  const { issuer, end } = await serveProcess(t)
  const held = await holdRequest(t, issuer, LOGIN, 'sub=alice'.length)
  const ended = end('SIGTERM')
  await untilClosed(issuer)
  t.match(await held.finish('sub=alice'), /^HTTP\/1\.1 302 /)
  t.match(await ended, { code: 0, stderr: '' })
})

test('a second signal ends the process at once', async (t) => {
  const { issuer, end } = await serveProcess(t)
  await holdRequest(t, issuer, LOGIN, 'sub=alice'.length)
  // Two of the same kind could arrive as one; which of two kinds arrives first is the system's affair.
  const { code } = await end('SIGTERM', 'SIGINT')
  t.ok(code === 130 || code === 143, `ended with ${code}`)
})

test('SIGHUP reloads the files', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', 'users: [{ sub: "${WHO:-alice}" }]\n')
  const { pid, line, issuer, end } = await serveProcess(t, ['--config', config])
  process.kill(pid, 'SIGHUP')
  t.match(JSON.parse(await line(/configuration reloaded/)), { level: 'info' })
  t.match(await loginPage(issuer), 'Authorize as alice')
  t.match(await end('SIGTERM'), { code: 0, stderr: '' })
})

test('secrets, codes and tokens are not logged at any level', async (t) => {
  const config = write(
    t.testdir({}),
    'config.yaml',
    'clients: [{ client_id: web, client_secret: s3cret-of-web, redirect_uris: ["http://localhost:8000/callback"] }]\n',
  )
  const { issuer, end, line } = await serve(t, ['--config', config, '--log-level', 'trace'])
  const code = await logIn(issuer)
  const tokens = await postToken(issuer, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: 'http://localhost:8000/callback',
    client_secret: 's3cret-of-app',
  })
  const registered = await fetch(`${issuer}/oauth2/clients`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['http://localhost:8000/callback'] }),
  })
  const { client_secret } = (await registered.json()) as { client_secret: string }
  t.match(
    await postToken(issuer, {
      grant_type: 'authorization_code',
      code,
      client_id: 'web',
      client_secret: 'wrong-s3cret',
    }),
    {
      error: 'invalid_client',
    },
  )
  await postToken(issuer, { grant_type: 'authorization_code', code: 'wrong-code', client_secret: 's3cret-of-app' })
  await postToken(issuer, { grant_type: 'refresh_token', refresh_token: 'wrong-refresh-token' })
  await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  await fetch(`${issuer}/userinfo?access_token=${tokens.access_token}`)
  await fetch(`${issuer}/oauth2/end_session?id_token_hint=${tokens.id_token}`)
  await line(/"path":"\/oauth2\/end_session"/)
  const { stdout, stderr } = await end()
  t.equal(stderr, '')
  t.match(stdout, /logged in/)
  t.match(stdout, /tokens issued/)
  const secrets = {
    code,
    client_secret,
    ...tokens,
    of_web: 's3cret-of-web',
    of_app: 's3cret-of-app',
    wrong: 'wrong-s3cret',
    wrong_code: 'wrong-code',
    wrong_refresh_token: 'wrong-refresh-token',
  }
  for (const name of ['access_token', 'id_token', 'refresh_token'] as const) t.type(tokens[name], 'string')
  for (const [name, secret] of Object.entries(secrets)) {
    if (['scope', 'token_type', 'expires_in'].includes(name)) continue
    t.notOk(stdout.includes(String(secret)), name)
  }
  for (const each of stdout.trimEnd().split('\n')) t.doesNotThrow(() => JSON.parse(each))
})

const LOGIN = '/oauth2/authorize?client_id=app&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcallback'

/** Resolves once nobody takes connections any more. */
async function untilClosed(issuer: string): Promise<void> {
  const port = Number(new URL(issuer).port)
  const taken = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  while (await taken());
}

/** The effects of flags and environment variables, seen from outside. */
import { type Test, test } from 'tap'
import { FLAGS, nameOf, variableOf } from '../../src/cli/flags.js'
import { authorize, EFFECTS, getTokens, loginPage, userinfo, write } from './effects.js'
import { serve } from './program.js'

test('every flag and every variable takes effect', async (t) => {
  // --quiet and --verbose have no value; their tests are with those of the log.
  const flags = FLAGS.filter((flag) => flag.value !== '')
  t.strictSame(Object.keys(EFFECTS).sort(), flags.map(({ env }) => env).sort(), 'none is forgotten')
  for (const flag of flags) {
    const { value, check, also } = EFFECTS[flag.env]!
    const title = nameOf(flag)
    const prepare = async (t: Test) => {
      const folder = t.testdir({})
      return {
        folder,
        text: typeof value === 'string' ? value : await value(folder),
        rest: (await also?.(folder)) ?? [],
      }
    }
    t.test(title, async (t) => {
      const { folder, text, rest } = await prepare(t)
      await check(t, await serve(t, [`${title}=${text}`, ...rest]), text, folder)
    })
    t.test(variableOf(flag), async (t) => {
      const { folder, text, rest } = await prepare(t)
      await check(t, await serve(t, rest, { [variableOf(flag)]: text }), text, folder)
    })
  }
})

/** Tells whether an authorization request without nonce is refused. */
async function requiresNonce(issuer: string): Promise<boolean> {
  return (await authorize(issuer)).status === 302
}

test('boolean flags work with and without a value, value flags with a space and by short name', async (t) => {
  const cases: [string[], boolean][] = [
    [[], false],
    [['--require-nonce'], true],
    [['--require-nonce', 'true'], true],
    [['--require-nonce=true'], true],
    [['--require-nonce=false'], false],
    [['--require-nonce', 'no'], false],
    [['-n'], true],
    [['-n', 'false'], false],
    [['-n', '--user', 'alice'], true],
    [['--', '--require-nonce'], true],
    [['--', '-n', '-e', '60'], true],
  ]
  for (const [args, expected] of cases) {
    t.test(args.join(' ') || 'no flag', async (t) => {
      const { issuer } = await serve(t, args)
      t.equal(await requiresNonce(issuer), expected)
    })
  }
  const refresh: [string[], boolean][] = [
    [['--no-refresh-token'], false],
    [['--no-refresh-token=false'], true],
    [['-f', 'false'], true],
    [['-f'], false],
  ]
  for (const [args, expected] of refresh) {
    t.test(args.join(' '), async (t) => {
      const { issuer } = await serve(t, args)
      t.equal(Object.hasOwn(await getTokens(issuer), 'refresh_token'), expected)
    })
  }
})

test('precedence: command line, environment, file, default', async (t) => {
  const config = write(t.testdir({}), 'config.yaml', 'lifetimes: { access_token: 30 }\nrequire_nonce: true\n')
  const variable = { OIDC_PROVIDER_MOCK_ACCESS_TOKEN_LIFETIME: '20', OIDC_PROVIDER_MOCK_REQUIRE_NONCE: 'false' }
  const lifetime = async (args: string[], env: Record<string, string> = {}) => {
    const { issuer } = await serve(t, args, env)
    return (await getTokens(issuer)).expires_in
  }
  const nonce = ['--require-nonce=false']
  t.equal(await lifetime([]), 3600)
  t.equal(await lifetime(['--config', config, ...nonce]), 30)
  t.equal(await lifetime(['--config', config], variable), 20)
  t.equal(await lifetime(['--config', config, '--access-token-lifetime', '10'], variable), 10)
  const { issuer } = await serve(t, ['--config', config, '--require-nonce'], variable)
  t.equal(await requiresNonce(issuer), true)
})

test('the command line has precedence over the environment if two flags set the same key', async (t) => {
  const { issuer } = await serve(t, ['--token-max-age', '77'], { OIDC_PROVIDER_MOCK_ACCESS_TOKEN_LIFETIME: '9' })
  t.equal((await getTokens(issuer)).expires_in, 77)
})

test('the most specific lifetime wins in any order of the flags', async (t) => {
  for (const args of [
    ['--token-max-age', '60', '--access-token-lifetime', '10'],
    ['--access-token-lifetime', '10', '--token-max-age', '60'],
  ]) {
    const { issuer } = await serve(t, args)
    t.equal((await getTokens(issuer)).expires_in, 10)
  }
})

test('the last value of a repeated flag is used', async (t) => {
  const { issuer } = await serve(t, ['-e', '10', '-e', '20'])
  t.equal((await getTokens(issuer)).expires_in, 20)
})

test('an empty variable is ignored', async (t) => {
  const { issuer } = await serve(t, [], { OIDC_PROVIDER_MOCK_REQUIRE_NONCE: '', OIDC_PROVIDER_MOCK_CONFIG: '' })
  t.equal(await requiresNonce(issuer), false)
})

test('users of all flags and files are combined, files first', async (t) => {
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', 'users: [{ sub: a }]\n')
  const list = write(folder, 'users.yaml', '- sub: b\n  plan: gold\n')
  const { issuer } = await serve(t, [
    ...['--user', 'c', '--user', 'd', '--config', config],
    ...['--user-claims', '{"sub": "e", "plan": "silver"}', '--user-claims', '{"sub": "f"}'],
    ...['--user-claims-file', list],
  ])
  const offered = [...(await loginPage(issuer)).matchAll(/>Authorize as (\w)</g)].map(([, sub]) => sub)
  t.strictSame(offered, ['a', 'b', 'c', 'd', 'e', 'f'])
  t.match(await userinfo(issuer, 'b'), { sub: 'b', plan: 'gold' })
  t.match(await userinfo(issuer, 'd'), { sub: 'd', email: 'd' })
  t.match(await userinfo(issuer, 'e'), { sub: 'e', plan: 'silver' })
})

test('the last of two claims files is used', async (t) => {
  const folder = t.testdir({})
  const files = ['one', 'two'].map((name) => write(folder, `${name}.json`, `[{ "sub": "${name}" }]`))
  const { issuer } = await serve(
    t,
    files.flatMap((file) => ['--user-claims-file', file]),
  )
  const page = await loginPage(issuer)
  t.match(page, 'Authorize as two')
  t.notMatch(page, 'Authorize as one')
})

test('the variable that Kubernetes sets for a Service of this name is ignored', async (t) => {
  const { issuer } = await serve(t, ['--user', 'alice'], { OIDC_PROVIDER_MOCK_SERVICE_PORT: '9400' })
  t.equal((await fetch(issuer)).status, 200)
  const folder = t.testdir({})
  const config = write(folder, 'config.yaml', 'server: { port: 0 }\n')
  const kubernetes = await serve(t, ['--config', config], { OIDC_PROVIDER_MOCK_PORT: 'tcp://10.0.0.7:9400' })
  t.equal((await fetch(kubernetes.issuer)).status, 200)
})

/** Variables of the environment that name a file with the value, as those of container images do. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readFlags, readSettings } from '../../src/cli/settings.js'
import type { ConfigError } from '../../src/config/errors.js'
import { loadServer, loadSnapshot } from '../../src/config/load.js'
import { problemsIn } from '../config/loading.js'

const settingsOf = (env: NodeJS.ProcessEnv, argv: readonly string[] = []) => readSettings(readFlags(argv), env)

const problemsOf = (t: Test, env: NodeJS.ProcessEnv): string =>
  String((t.throws(() => settingsOf(env), { name: 'ConfigError' }) as ConfigError).message)

t.test('a variable with _FILE sets the flag to the content of the file', async (t) => {
  const folder = t.testdir({ token: 's3cret\n', claims: '{"sub":"alice"}', config: 'users: []\n' })
  const { overrides, config_text } = settingsOf({
    OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: join(folder, 'token'),
    OIDC_PROVIDER_MOCK_CONFIG_INLINE_FILE: join(folder, 'config'),
  })
  t.match(overrides, [
    { source: 'OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE', path: ['server', 'admin_token'], value: 's3cret' },
  ])
  t.strictSame(config_text, { name: 'OIDC_PROVIDER_MOCK_CONFIG_INLINE_FILE', text: 'users: []' })
})

t.test('the flag of the command line goes before it, and an empty variable is no variable', async (t) => {
  const env = { OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: '/missing' }
  t.match(settingsOf(env, ['--admin-token', 'x']).overrides, [{ source: '--admin-token', value: 'x' }])
  const { overrides } = settingsOf({ OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: '', OIDC_PROVIDER_MOCK_ADMIN_TOKEN: 'y' })
  t.match(overrides, [{ source: 'OIDC_PROVIDER_MOCK_ADMIN_TOKEN', value: 'y' }])
})

t.test('a variable that is one itself, or names a file to read, keeps its meaning', async (t) => {
  const settings = settingsOf({
    OIDC_PROVIDER_MOCK_USER_CLAIMS_FILE: 'users.yaml',
    OIDC_PROVIDER_MOCK_CONFIG_FILE: '/missing',
  })
  t.match(settings, { user_claims_file: 'users.yaml', overrides: [] })
  t.notOk('config' in settings)
})

t.test('a missing file and two values are problems', async (t) => {
  const folder = t.testdir({ token: 's3cret' })
  t.equal(
    problemsOf(t, { OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: join(folder, 'none') }),
    `OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE names ${folder}/none, which does not exist`,
  )
  t.equal(
    problemsOf(t, {
      OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: join(folder, 'token'),
      OIDC_PROVIDER_MOCK_ADMIN_TOKEN: 'x',
    }),
    'OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE is set, and OIDC_PROVIDER_MOCK_ADMIN_TOKEN as well, expected one of them; remove one',
  )
})

t.test('an empty file is a problem, because an empty secret would switch a protection off', async (t) => {
  const folder = t.testdir({ empty: '', line: ' \r\n' })
  for (const name of ['empty', 'line']) {
    t.equal(
      problemsOf(t, { OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE: join(folder, name) }),
      `OIDC_PROVIDER_MOCK_ADMIN_TOKEN_FILE names ${folder}/${name}, which is empty, expected the value of OIDC_PROVIDER_MOCK_ADMIN_TOKEN`,
    )
  }
})

t.test('no problem shows the content of the file', async (t) => {
  const file = join(t.testdir({ secret: 'topsecretvalue, other' }), 'secret')
  const shown = 'is the content of the file, a text of 21 characters (not shown), expected'
  t.match(
    problemsOf(t, { OIDC_PROVIDER_MOCK_USERS_ONLY_FILE: file }),
    `OIDC_PROVIDER_MOCK_USERS_ONLY_FILE ${shown} true or false`,
  )
  const settings = settingsOf({ OIDC_PROVIDER_MOCK_PORT_FILE: file, OIDC_PROVIDER_MOCK_ALLOWED_HOST_FILE: file })
  const problems = [...(await problemsIn(loadSnapshot(settings))), ...(await problemsIn(loadServer(settings)))]
  t.match(problems.join('\n'), `OIDC_PROVIDER_MOCK_PORT_FILE /server/port ${shown} a whole number`)
  t.ok(problems.length >= 2)
  t.notMatch(problems.join('\n'), /topsecret/)
  const text = settingsOf({ OIDC_PROVIDER_MOCK_PORT: 'http' })
  t.match(await problemsIn(loadSnapshot(text)), [/port is the text "http"/])
})

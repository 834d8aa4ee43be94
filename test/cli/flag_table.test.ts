/** The table of flags. */
import { test } from 'tap'
import { FLAGS, type Flag, nameOf, overridesOf, variableOf } from '../../src/cli/flags.js'

const find = (env: string): Flag => FLAGS.find((flag) => flag.env === env)!
const values = (env: string, text: string) => overridesOf(find(env), 'here', text).map(({ value }) => value)

test('names, letters and variables are unique', async (t) => {
  for (const pick of [nameOf, variableOf, (flag: Flag) => /^-(\w),/.exec(flag.names)?.[1] ?? flag.names]) {
    const all = FLAGS.map(pick)
    t.strictSame(all, [...new Set(all)])
  }
})

test('a variable is named as its flag', async (t) => {
  t.equal(nameOf(find('REQUIRE_REGISTRATION')), '--require-registration')
  t.equal(variableOf(find('REQUIRE_REGISTRATION')), 'OIDC_PROVIDER_MOCK_REQUIRE_REGISTRATION')
  // The one whose variable has more to say than yes and no.
  t.equal(nameOf(find('WATCH')), '--watch-poll')
  for (const flag of FLAGS.filter(({ env }) => env !== 'WATCH')) {
    t.equal(variableOf(flag), `OIDC_PROVIDER_MOCK_${nameOf(flag).slice(2).replaceAll('-', '_').toUpperCase()}`)
  }
})

test('short names are those of the reference, and -e, -q and -v', async (t) => {
  const letters = FLAGS.flatMap(({ names }) => /^-\w, --[a-z-]+$/.exec(names)?.[0] ?? [])
  t.strictSame(letters, [
    '-c, --config',
    '-p, --port',
    '-H, --host',
    '-r, --require-registration',
    '-n, --require-nonce',
    '-f, --no-refresh-token',
    '-e, --token-max-age',
    '-q, --quiet',
    '-v, --verbose',
  ])
})

test('a value sets the configuration keys of its flag', async (t) => {
  const cases: [string, string, object[]][] = [
    ['CONFIG', 'config.yaml', []],
    ['USER_CLAIMS_FILE', 'users.yaml', []],
    ['CONFIG_INLINE', 'users: []', []],
    ['CONFIG_DIR', '/config', []],
    ['WATCH', 'poll', []],
    ['PUBLIC_URL', 'https://id.example', [{ path: ['public_url'], value: 'https://id.example' }]],
    ['INTERNAL_URL', 'http://op:9400', [{ path: ['internal_url'], value: 'http://op:9400' }]],
    ['BASE_PATH', '/auth', [{ path: ['server', 'base_path'], value: '/auth' }]],
    ['TLS_CERT', 'tls.crt', [{ path: ['server', 'tls', 'cert'], value: 'tls.crt' }]],
    ['TLS_KEY', 'tls.key', [{ path: ['server', 'tls', 'key'], value: 'tls.key' }]],
    ['TLS_SELF_SIGNED', 'true', [{ path: ['server', 'tls'], value: { self_signed: true } }]],
    ['TLS_SELF_SIGNED', 'a, b', [{ path: ['server', 'tls'], value: { self_signed: true, names: ['a', 'b'] } }]],
    ['TLS_CA_FILE', 'ca.pem', [{ path: ['server', 'tls', 'ca_file'], value: 'ca.pem' }]],
    ['HTTP_PORT', '9401', [{ path: ['server', 'http_port'], value: 9401 }]],
    ['TRUST_FORWARDED', '10.0.0.0/8', [{ path: ['server', 'trust_forwarded'], value: ['10.0.0.0/8'] }]],
    ['PORT', '0', [{ path: ['server', 'port'], value: 0 }]],
    ['HOST', '::1', [{ path: ['server', 'host'], value: '::1' }]],
    ['PROFILE', 'strict', [{ path: ['profile'], value: 'strict' }]],
    ['PRESET', 'okta', [{ path: ['preset'], value: 'okta' }]],
    ['USERS_ONLY', 'true', [{ path: ['users_only'], value: true }]],
    ['AUTO_LOGIN', 'zoe', [{ path: ['auto_login'], value: 'zoe' }]],
    ['AUTO_LOGIN_HINT', 'yes', [{ path: ['auto_login_hint'], value: true }]],
    ['ADMIN_PORT', '9401', [{ path: ['server', 'admin_port'], value: 9401 }]],
    ['NO_ADMIN', 'true', [{ path: ['server', 'admin'], value: false }]],
    ['ALLOWED_HOST', 'a, *.b', [{ path: ['server', 'allowed_hosts'], value: ['a', '*.b'] }]],
    ['ADMIN_TOKEN', 's', [{ path: ['server', 'admin_token'], value: 's' }]],
    ['REQUIRE_REGISTRATION', 'true', [{ path: ['require_registration'], value: true }]],
    ['REQUIRE_NONCE', 'true', [{ path: ['require_nonce'], value: true }]],
    ['REQUIRE_PKCE', 'true', [{ path: ['require_pkce'], value: true }]],
    ['NO_REFRESH_TOKEN', 'true', [{ path: ['issue_refresh_token'], value: false }]],
    ['NO_REFRESH_TOKEN', 'false', [{ path: ['issue_refresh_token'], value: true }]],
    [
      'TOKEN_MAX_AGE',
      '15m',
      [
        { path: ['lifetimes', 'access_token'], value: '15m' },
        { path: ['lifetimes', 'id_token'], value: '15m' },
      ],
    ],
    ['ACCESS_TOKEN_LIFETIME', '60', [{ path: ['lifetimes', 'access_token'], value: 60 }]],
    ['ID_TOKEN_LIFETIME', '60', [{ path: ['lifetimes', 'id_token'], value: 60 }]],
    ['REFRESH_TOKEN_LIFETIME', '30d', [{ path: ['lifetimes', 'refresh_token'], value: '30d' }]],
    ['AUTHORIZATION_CODE_LIFETIME', '1m', [{ path: ['lifetimes', 'authorization_code'], value: '1m' }]],
    ['USER', 'alice', [{ path: ['users'], append: true, value: { sub: 'alice', claims: { email: 'alice' } } }]],
    [
      'USER_CLAIMS',
      '{"plan": "gold", "sub": "alice"}',
      [{ path: ['users'], append: true, value: { sub: 'alice', claims: { plan: 'gold' } } }],
    ],
    ['ISSUER', 'https://id.example', [{ path: ['issuer'], value: 'https://id.example' }]],
    ['TRUST_FORWARDED', 'no', [{ path: ['server', 'trust_forwarded'], value: false }]],
    ['CORS_ORIGIN', 'http://a', [{ path: ['server', 'cors_origins'], value: ['http://a'] }]],
    ['CORS_ORIGIN', 'http://a , http://b', [{ path: ['server', 'cors_origins'], value: ['http://a', 'http://b'] }]],
    ['OUTBOUND_ALLOW', 'app:3000, 10.0.0.0/8', [{ path: ['outbound', 'allow'], value: ['app:3000', '10.0.0.0/8'] }]],
    ['OUTBOUND_ALLOW', 'none', [{ path: ['outbound', 'allow'], value: [] }]],
    ['OUTBOUND_CA', 'ca.pem', [{ path: ['outbound', 'ca'], value: 'ca.pem' }]],
    ['OUTBOUND_INSECURE', 'yes', [{ path: ['outbound', 'insecure'], value: true }]],
    ['WILDCARD_REDIRECT_URIS', 'on', [{ path: ['wildcard_redirect_uris'], value: true }]],
    ['KEEP_KEY_IN', 'key.json', [{ path: ['keys'], value: [{ alg: 'RS256', keep_in: 'key.json' }] }]],
    ['QUIET', 'true', [{ path: ['log', 'level'], value: 'warn' }]],
    ['QUIET', 'no', []],
    ['VERBOSE', 'true', [{ path: ['log', 'level'], value: 'debug' }]],
    ['VERBOSE', '0', []],
    ['LOG_LEVEL', 'debug', [{ path: ['log', 'level'], value: 'debug' }]],
    ['LOG_FORMAT', 'json', [{ path: ['log', 'format'], value: 'json' }]],
  ]
  for (const [env, text, expected] of cases) {
    const overrides = expected.map((override) => ({ source: '--there', ...override }))
    t.strictSame(overridesOf(find(env), '--there', text), overrides, `${env}=${text}`)
  }
  t.strictSame([...new Set(cases.map(([env]) => env))].sort(), FLAGS.map(({ env }) => env).sort(), 'none is forgotten')
})

test('words for true and false in any case', async (t) => {
  for (const word of ['true', 'TRUE', '1', 'yes', 'on', 't', 'y']) t.strictSame(values('REQUIRE_NONCE', word), [true])
  for (const word of ['false', 'False', '0', 'no', 'off', 'f', 'n'])
    t.strictSame(values('REQUIRE_NONCE', word), [false])
  for (const word of ['', 'maybe', ' true', 'truefalse', '2']) {
    t.throws(() => values('REQUIRE_NONCE', word), { message: `is "${word}", expected true or false` })
  }
})

test('text that is not a whole number is left for the schema to refuse', async (t) => {
  const cases: [string, unknown][] = [
    ['9400', 9400],
    ['0', 0],
    ['-1', -1],
    ['007', 7],
    ['', ''],
    ['1.5', '1.5'],
    ['1e3', '1e3'],
    ['0x10', '0x10'],
    [' 1', ' 1'],
    ['9'.repeat(400), '9'.repeat(400)],
  ]
  for (const [text, value] of cases) t.strictSame(values('PORT', text), [value])
})

test('claims are a JSON object with a sub', async (t) => {
  t.throws(() => values('USER_CLAIMS', 'alice'), {
    message: 'is a text of 5 characters (not shown), expected a JSON object of claims such as {"sub": "alice"}',
  })
  for (const json of ['[]', 'null', '"alice"', '1']) {
    t.throws(() => values('USER_CLAIMS', json), {
      message: 'must be a JSON object of claims such as {"sub": "alice"}',
    })
  }
  t.throws(() => values('USER_CLAIMS', '{}'), { message: 'must have a "sub": {"sub": "alice", …}' })
  t.strictSame(values('USER_CLAIMS', '{"sub": 5}'), [{ sub: 5, claims: {} }], 'its type is for the schema to judge')
})

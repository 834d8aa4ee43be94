/** Checks of fault rules: parameters that fit the fault, and a match that is possible. */
import t from 'tap'
import type { ConfigInput, Fault } from '../../src/generated/input.js'
import { createApp } from '../app.js'
import { load, problemsOf } from '../config/loading.js'

/** Rules and their problems: the path below the list of faults, and the message. */
const BAD: [title: string, rule: string, ...problems: string[]][] = [
  [
    'a mistyped name, with what may have been meant, and without all the others',
    'fault: id_token.expird',
    '/fault is "id_token.expird", expected a name from the catalogue of faults, such as `id_token.expired`; did you mean id_token.expired?',
  ],
  [
    'a name without its group',
    'fault: wrong_event',
    '/fault is "wrong_event", expected a name from the catalogue of faults, such as `id_token.expired`; did you mean logout_token.wrong_event?',
  ],
  [
    'a name that several groups have',
    'fault: stale_iat',
    '/fault is "stale_iat", expected a name from the catalogue of faults, such as `id_token.expired`; did you mean id_token.stale_iat or access_token.stale_iat or logout_token.stale_iat?',
  ],
  [
    'a name like no other',
    'fault: x',
    '/fault is "x", expected a name from the catalogue of faults, such as `id_token.expired`',
  ],
  [
    'no text as a name',
    'fault: 5',
    '/fault is 5, expected a name from the catalogue of faults, such as `id_token.expired`',
  ],
  ['no fault', 'times: 1', ' lacks the required key fault'],
  [
    'a parameter that the fault does not take',
    'fault: id_token.expired, status: 503',
    '/status is not a parameter of id_token.expired, which takes only by',
  ],
  [
    'a parameter of a fault without parameters',
    'fault: id_token.missing_exp, by: 1h',
    '/by is not a parameter of id_token.missing_exp, which takes no parameters',
  ],
  [
    'a time that is no distance',
    'fault: id_token.expired, by: yesterday',
    '/by is "yesterday", expected seconds (1 or more) or a duration such as 15m, 1h, 30d',
  ],
  [
    'no distance',
    'fault: access_token.not_yet_valid, by: 0h',
    '/by is "0h", expected from 1 second to 3155760000 seconds (100 years)',
  ],
  [
    'a distance beyond a century',
    'fault: logout_token.stale_iat, by: 9999w',
    '/by is "9999w", expected from 1 second to 3155760000 seconds (100 years)',
  ],
  [
    'a parameter of another fault',
    'fault: http.delay, delay: 1s, bytes: 5',
    '/bytes is not a parameter of http.delay, which takes only delay',
  ],
  ['a missing parameter', 'fault: authorize.error', ' lacks the key error, which authorize.error needs'],
  ['an unknown key', 'fault: http.reset, time: 1', '/time is not a known key; did you mean times?'],
  ['a seed without probability', 'fault: http.reset, seed: 1', '/seed needs the key probability, which is missing'],
  ['times: 0', 'fault: http.reset, times: 0', '/times is 0, expected at least 1'],
  ['probability: 0', 'fault: http.reset, probability: 0', '/probability is 0, expected more than 0'],
  [
    'an endpoint where it does not happen',
    'fault: id_token.expired, match: { endpoint: userinfo }',
    '/match/endpoint is "userinfo", expected authorization or token, where id_token.expired can happen',
  ],
  [
    'one endpoint of several',
    'fault: userinfo.missing_sub, match: { endpoint: [userinfo, token] }',
    '/match/endpoint/1 is "token", expected userinfo, where userinfo.missing_sub can happen',
  ],
  [
    'an endpoint with its ending',
    'fault: http.reset, match: { endpoint: token_endpoint }',
    '/match/endpoint is "token_endpoint", expected the name of an endpoint; did you mean token?',
  ],
  [
    'an endpoint like no other',
    'fault: http.reset, match: { endpoint: [admin], sub: alice }',
    '/match/endpoint/0 is "admin", expected one of authorization, token, userinfo, jwks, introspection, revocation, device_authorization, registration, end_session, check_session, discovery, webfinger, device',
  ],
  [
    'a client at an endpoint without clients',
    'fault: http.status, match: { endpoint: [jwks, token, discovery], client_id: app }',
    '/match/client_id can never match, because no client_id is known at jwks, discovery',
  ],
  [
    'all that is never known at the only endpoint of the fault',
    'fault: jwks.empty, match: { client_id: [a], sub: b, grant_type: c, scope: d, resource: e }',
    '/match/client_id can never match, because no client_id is known at jwks',
    '/match/sub can never match, because no sub is known at jwks',
    '/match/grant_type can never match, because no grant_type is known at jwks',
    '/match/scope can never match, because no scope is known at jwks',
    '/match/resource can never match, because no resource is known at jwks',
  ],
  [
    'a user who registers a client',
    'fault: registration.error, error: invalid_redirect_uri, match: { sub: alice }',
    '/match/sub can never match, because no sub is known at registration',
  ],
  [
    'a grant_type away from the token endpoint',
    'fault: id_token.expired, match: { endpoint: authorization, grant_type: refresh_token }',
    '/match/grant_type can never match, because no grant_type is known at authorization',
  ],
  [
    'a grant that has no poll',
    'fault: token.slow_down, match: { grant_type: [refresh_token] }',
    '/match/grant_type/0 is "refresh_token", expected urn:ietf:params:oauth:grant-type:device_code, with which token.slow_down can happen',
  ],
  [
    'a refresh that is none',
    'fault: token.refresh_wrong_sub, match: { grant_type: authorization_code }',
    '/match/grant_type is "authorization_code", expected refresh_token, with which token.refresh_wrong_sub can happen',
  ],
  [
    'tokens of a grant that there is not',
    'fault: id_token.expired, match: { grant_type: client_credentials }',
    '/match/grant_type is "client_credentials", expected authorization_code or refresh_token or urn:ietf:params:oauth:grant-type:device_code, with which id_token.expired can happen',
  ],
  [
    'a hash that only an authorization response has',
    'fault: id_token.wrong_c_hash, match: { endpoint: token }',
    '/match/endpoint is "token", expected authorization, where id_token.wrong_c_hash can happen',
  ],
  [
    'a resource at an endpoint without resources',
    'fault: userinfo.wrong_sub, match: { resource: "https://a" }',
    '/match/resource can never match, because no resource is known at userinfo',
  ],
  [
    'a name that no issuer has',
    'fault: http.reset, match: { issuer: [ok, /issuers/x] }',
    '/match/issuer/1 is "/issuers/x", expected 1 to 64 letters, digits and ._~- as in /issuers/NAME, or default',
  ],
  [
    'scopes as OAuth writes them',
    'fault: http.reset, match: { scope: openid email }',
    '/match/scope is "openid email", expected one scope, without spaces; write several as a list',
  ],
  ['a match of nothing', 'fault: http.reset, match: {}', '/match is empty, expected at least 1 member'],
  [
    'a number instead of an endpoint, without a problem of the others',
    'fault: http.reset, match: { endpoint: [token, 5] }',
    '/match/endpoint/1 is the number 5, expected a text; write "5"',
  ],
  [
    'a match with an empty list',
    'fault: http.reset, match: { sub: [] }',
    '/match/sub is empty, expected at least 1 entry',
  ],
  [
    'no delay',
    'fault: http.delay, delay: soon',
    '/delay is "soon", expected seconds (up to 3600) or a time such as 200ms, 2s, 1m30s, or an object with min and max',
  ],
  [
    'no time in a delay',
    'fault: http.delay, delay: { min: -1, max: 1d }',
    '/delay/min is -1, expected seconds (up to 3600) or a time such as 200ms, 2s, 1m30s',
    '/delay/max is "1d", expected seconds (up to 3600) or a time such as 200ms, 2s, 1m30s',
  ],
  ['half a range', 'fault: http.delay, delay: { min: 1s }', '/delay lacks the required key max'],
  [
    'a range that ends before it begins',
    'fault: http.delay, delay: { min: 2s, max: 1500ms }',
    '/delay/min is 2s, expected at most max, which is 1500ms',
  ],
  [
    'more than an hour',
    'fault: http.slow_body, delay: { min: 61m, max: 2h }',
    '/delay/min is 61m, expected at most 1h',
    '/delay/max is 2h, expected at most 1h',
  ],
  ['a delay of nothing', 'fault: http.delay, delay: 0ms', '/delay is 0ms, expected more than 0'],
  [
    'a header of several words',
    'fault: http.status, headers: { "a b": c }',
    '/headers/a b is not a header name (RFC 9110 section 5.1)',
  ],
  [
    'a header of several lines',
    'fault: http.status, headers: { a: "b\\r\\nc: d" }',
    '/headers/a has characters that are not allowed in a header',
  ],
  [
    'a length of its own',
    'fault: http.status, headers: { Content-Length: "5" }',
    '/headers/Content-Length is set by the server; http.truncate makes it wrong',
  ],
  [
    'a header that is no text',
    'fault: http.status, headers: { a: 1 }',
    '/headers/a is the number 1, expected a text; write "1"',
  ],
  [
    'a media type that no header can hold',
    'fault: http.wrong_content_type, content_type: "a\\nb"',
    '/content_type has characters that are not allowed in a header',
  ],
  [
    'a place that no header can hold',
    'fault: http.redirect, location: "http://a\\n"',
    '/location has characters that are not allowed in a header',
  ],
  [
    'a redirect that is none',
    'fault: http.redirect, location: "http://a", status: 200',
    '/status is 200, expected 300 to 399 for a redirect',
  ],
  [
    'a body without a place',
    'fault: http.status, status: 204, body: text',
    '/body cannot be sent with status 204, which has no body',
  ],
  [
    'an error without a place',
    'fault: registration.error, error: x, status: 204',
    '/status is 204, expected a status with a body, which has the error',
  ],
  ['an issuer that no URL can hold', 'fault: authorize.wrong_iss, value: [1]', '/value is [1], expected a text'],
]
for (const [title, rule, ...expected] of BAD) {
  t.test(`refused in the file: ${title}`, async (t) => {
    const problems = await problemsOf(t, `faults:\n  - { ${rule} }\n`)
    t.strictSame(
      problems.map((problem) => problem.replace(/^config\.yaml:2:\d+ \/faults\/0/, '')),
      expected,
    )
  })
}

const GOOD = [
  'fault: http.status, body: "<h1>Down</h1>"',
  'fault: http.status',
  'fault: http.status, status: 304, headers: { Retry-After: "5", ETag: "\\"x\\"" }',
  'fault: http.status, status: 503, body: { error: x }, content_type: "text/plain", match: { client_id: app, sub: alice, scope: [openid, email], resource: "https://a" }',
  'fault: http.redirect, location: /elsewhere, status: 307',
  'fault: http.delay, delay: { min: 0, max: 200ms }',
  'fault: http.delay, delay: 1h, after: 2, every: 3, times: 4, probability: 0.5, seed: 7',
  'fault: id_token.expired, match: { grant_type: refresh_token, issuer: [default, worker-7] }',
  'fault: token.error, error: unsupported_grant_type, status: 200, match: { grant_type: client_credentials }',
  'fault: authorize.wrong_iss, value: "https://elsewhere.example.com"',
  'fault: registration.error, error: invalid_redirect_uri, match: { client_id: app, issuer: x }',
  'fault: discovery.missing_member, member: issuer, match: { endpoint: discovery }',
]
for (const rule of GOOD) {
  t.test(`valid: ${rule}`, async (t) => {
    t.equal((await load(t, `faults:\n  - { ${rule} }\n`)).config.faults.length, 1)
  })
}

t.test('a repeated rule is refused, also with its members in another order', async (t) => {
  const problems = await problemsOf(
    t,
    [
      'faults:',
      '  - { fault: http.status, match: { endpoint: [token, jwks] }, times: 1 }',
      '  - { fault: http.status, match: { endpoint: [jwks, token] }, times: 1 }',
      '  - { times: 1, match: { endpoint: [token, jwks] }, fault: http.status }',
      '  - { fault: http.status, times: 0 }',
      '  - { fault: http.status, times: -1 }',
      '',
    ].join('\n'),
  )
  t.strictSame(problems, [
    'config.yaml:4:5 /faults/2 is the same rule as 0, and both share one counter; remove one',
    'config.yaml:5:34 /faults/3/times is 0, expected at least 1',
    'config.yaml:6:34 /faults/4/times is -1, expected at least 1',
  ])
})

t.test('the faults of a user and of a client must concern them', async (t) => {
  const problems = await problemsOf(
    t,
    [
      'users:',
      '  - sub: alice',
      '    faults:',
      '      - { fault: id_token.expired, match: { sub: alice } }',
      '      - { fault: id_token.expired, match: { sub: [alice, bob] } }',
      '      - { fault: jwks.empty }',
      '      - { fault: http.status, match: { endpoint: [token, jwks] } }',
      '      - { fault: http.status }',
      'clients:',
      '  - client_id: app',
      '    client_secret: s',
      '    redirect_uris: ["http://localhost/cb"]',
      '    faults:',
      '      - { fault: registration.error, error: x }',
      '      - { fault: http.reset, match: { client_id: other } }',
      '      - { fault: discovery.not_found }',
      '',
    ].join('\n'),
  )
  t.strictSame(problems, [
    'config.yaml:5:58 /users/0/faults/1/match/sub/1 is "bob", expected "alice", which the rule belongs to, or no sub',
    'config.yaml:6:18 /users/0/faults/2/fault cannot belong to a user, because no sub is known at jwks',
    'config.yaml:7:18 /users/0/faults/3/fault cannot belong to a user, because no sub is known at jwks',
    'config.yaml:15:50 /clients/0/faults/1/match/client_id is "other", expected "app", which the rule belongs to, or no client_id',
    'config.yaml:16:18 /clients/0/faults/2/fault cannot belong to a client, because no client_id is known at discovery',
  ])
})

const TIMES: [string, string?][] = [
  ['2030-01-01T00:00:00Z'],
  ['2030-01-01T00:00:00.000Z'],
  ['2030-01-01T00:00+02:00'],
  ['1893456000'],
  ['2030-13-45T00:00:00Z', 'is "2030-13-45T00:00:00Z", expected a time from 1970 to 9999'],
  ['1969-12-31T23:59:59Z', 'is "1969-12-31T23:59:59Z", expected a time from 1970 to 9999'],
  ['9999-12-31T23:59:59-01:00', 'is "9999-12-31T23:59:59-01:00", expected a time from 1970 to 9999'],
  ['253402300800', 'is 253402300800, expected a time such as 2030-01-01T00:00:00Z or seconds since 1970'],
  ['tomorrow', 'is "tomorrow", expected a time such as 2030-01-01T00:00:00Z or seconds since 1970'],
]
for (const [start, message] of TIMES) {
  t.test(`the clock starts at ${start}${message === undefined ? '' : ': refused'}`, async (t) => {
    const expected = message === undefined ? [] : [`config.yaml:1:17 /clock/start ${message}`]
    t.strictSame(await problemsOf(t, `clock: { start: ${start} }\n`), expected)
  })
}

/** Configurations whose fault can never happen, and the same configuration with it. */
const IMPOSSIBLE: [title: string, text: string, problem: RegExp, possible: string][] = [
  [
    'RFC 9207 §2: missing_iss, where nothing promises iss',
    'faults: [{ fault: authorize.missing_iss }]',
    /^config\.yaml:1:\d+ \/faults\/0\/fault is "authorize\.missing_iss", which can never happen, because nothing promises iss: the rule iss_parameter is off; set rules: \{ iss_parameter: true \}$/,
    'faults: [{ fault: authorize.missing_iss }]\nrules: { iss_parameter: true }',
  ],
  [
    'JARM §2.1: a client with signed responses has iss',
    'users: [{ sub: eve, faults: [{ fault: authorize.missing_iss }] }]',
    /\/users\/0\/faults\/0\/fault is "authorize\.missing_iss", which can never happen/,
    'users: [{ sub: eve, faults: [{ fault: authorize.missing_iss }] }]\nclients: [{ client_id: a, redirect_uris: [http://a.example/], authorization_signed_response_alg: RS256 }]',
  ],
  [
    'a preset promises iss',
    'profile: lenient\nfaults: [{ fault: authorize.missing_iss }]',
    /can never happen/,
    'preset: keycloak\nfaults: [{ fault: authorize.missing_iss }]',
  ],
  [
    'RFC 9700 §4.14.2: refresh_not_rotated, where refresh tokens stay the same',
    'faults: [{ fault: token.refresh_not_rotated }]',
    /^config\.yaml:1:\d+ \/faults\/0\/fault is "token\.refresh_not_rotated", which can never happen, because refresh tokens stay the same anyway: the rule rotate_refresh_tokens is off; set rules: \{ rotate_refresh_tokens: true \}$/,
    'profile: strict\nfaults: [{ fault: token.refresh_not_rotated }]',
  ],
  [
    'a signature of userinfo for a client without signed userinfo',
    'clients: [{ client_id: a, redirect_uris: [http://a.example/], faults: [{ fault: userinfo.bad_signature }] }]',
    /\/clients\/0\/faults\/0\/fault is "userinfo\.bad_signature", which can never happen, because client a has no userinfo_signed_response_alg$/,
    'clients: [{ client_id: a, redirect_uris: [http://a.example/], userinfo_signed_response_alg: RS256, faults: [{ fault: userinfo.bad_signature }] }]',
  ],
  [
    'a logout token for a client without back-channel logout',
    'faults: [{ fault: logout_token.expired, match: { client_id: a } }]\nclients: [{ client_id: a, redirect_uris: [http://a.example/] }]',
    /\/faults\/0\/fault is "logout_token\.expired", which can never happen, because client a has no backchannel_logout_uri$/,
    'faults: [{ fault: logout_token.expired, match: { client_id: [a, unknown] } }, { fault: logout.not_delivered }]\nclients: [{ client_id: a, redirect_uris: [http://a.example/] }]',
  ],
]
for (const [title, text, problem, possible] of IMPOSSIBLE) {
  t.test(`a fault that can never happen is refused: ${title}`, async (t) => {
    const problems = await problemsOf(t, text)
    t.equal(problems.length, 1)
    t.match(problems[0], problem)
    t.strictSame(await problemsOf(t, possible), [])
  })
}

t.test('the admin API refuses a fault that can never happen', async (t) => {
  const add = async (config: ConfigInput, fault: Fault) => {
    const { app } = await createApp(t, config)
    return app.inject({ method: 'POST', url: '/admin/faults', payload: fault })
  }
  const missing: Fault = { fault: 'authorize.missing_iss' }
  const refusal = await add({}, missing)
  t.equal(refusal.statusCode, 400)
  t.match(refusal.json().error_description, /which can never happen, because nothing promises iss/)
  t.equal((await add({ rules: { iss_parameter: true } }, missing)).statusCode, 201)
  const jarm = {
    client_id: 'a',
    redirect_uris: ['http://a.example/'],
    authorization_signed_response_alg: 'ES256' as const,
  }
  t.equal((await add({ clients: [jarm] }, missing)).statusCode, 201)
  const logout: Fault = { fault: 'logout.not_delivered', match: { client_id: 'a' } }
  t.equal((await add({ clients: [jarm] }, logout)).statusCode, 201, 'the client can be changed at run time')
})

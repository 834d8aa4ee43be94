/** Dynamic client registration. RFC 7591. */

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { basic, createApp, exchange, jsonOf, logIn, REDIRECT_URI, refused, register } from '../app.js'

const test = await createApp(t, { rules: { valid_metadata: true } })
const strictly = (rule: string) => createApp(t, { rules: { [rule]: true } })
const byApplicationType = await strictly('application_type')
const byGrantTypes = await strictly('consistent_grant_types')
const RSA_KEY = { ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), use: 'sig' }
const PRIVATE_KEY = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
const jwks = { keys: [RSA_KEY] }
const post = (payload: unknown) =>
  test.app.inject({ method: 'POST', url: '/oauth2/clients', payload: payload as object, headers: JSON_TYPE })
const JSON_TYPE = { 'content-type': 'application/json' }
const redirect_uris = [REDIRECT_URI]
/** The description of a refusal, which names a member and what is expected of it. */
const about = (place: string) => new RegExp(`^${place.replaceAll(/[[\].]/g, '\\$&')} .*, expected `)

t.test('RFC 7591 §3.2.1: the response has the id, the secret and the metadata with its defaults', async (t) => {
  const answer = await post({ redirect_uris })
  const { client_id, client_secret, client_id_issued_at, registration_access_token, ...rest } = jsonOf(t, answer, 201)
  t.match(client_id, /^[\w-]{43}$/)
  t.match(client_secret, /^[\w-]{43}$/)
  t.ok(Math.abs(Number(client_id_issued_at) - Date.now() / 1000) < 60)
  t.strictSame(rest, {
    redirect_uris,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    subject_type: 'public',
    application_type: 'web',
    require_auth_time: false,
    frontchannel_logout_session_required: false,
    backchannel_logout_session_required: false,
    client_secret_expires_at: 0,
    registration_client_uri: `http://localhost/oauth2/clients/${client_id}`,
  })
  t.match(registration_access_token, /^[\w-]{43}$/)
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('RFC 7591 §3.2.1: the registered metadata is in the response; unknown members are ignored', async (t) => {
  const metadata = {
    redirect_uris: [REDIRECT_URI, 'com.example:/cb'],
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    client_name: 'Größe',
    scope: 'openid email',
    id_token_signed_response_alg: 'ES256',
    post_logout_redirect_uris: ['http://localhost/bye'],
  }
  const unknown = {
    client_id: 'mine',
    client_secret: 'mine',
    client_id_issued_at: 1,
    registration_access_token: 'mine',
  }
  const registered = jsonOf(t, await post({ ...metadata, ...unknown }), 201)
  t.match(registered, metadata)
  for (const [name, value] of Object.entries(unknown)) t.not(registered[name], value, name)
})

t.test('RFC 7591 §2: a client of method none has no secret', async (t) => {
  const registered = jsonOf(t, await post({ redirect_uris, token_endpoint_auth_method: 'none' }), 201)
  t.equal(registered.client_secret, undefined)
  t.equal(registered.client_secret_expires_at, undefined)
})

for (const method of ['client_secret_basic', 'client_secret_post', 'none']) {
  t.test(`a client that registered ${method} authenticates by it`, async (t) => {
    const { client_id, client_secret } = await register(test, { token_endpoint_auth_method: method })
    const code = (await logIn(test, { client_id })).get('code')!
    const form = { client_id, ...(method === 'client_secret_post' && { client_secret }) }
    const inHeader = method === 'client_secret_basic'
    const headers: Record<string, string> = inHeader ? { authorization: basic(client_id, client_secret) } : {}
    t.match(jsonOf(t, await exchange(test, { code, ...form }, '', headers)), { token_type: 'Bearer' })
  })
}

t.test('a list has each value once, and can be empty', async (t) => {
  const registered = await register(test, { grant_types: ['refresh_token', 'refresh_token'], response_types: [] })
  t.strictSame(registered.grant_types, ['refresh_token'])
  t.strictSame(registered.response_types, [])
})

t.test('two registrations are two clients', async (t) => {
  const [one, other] = [await register(test), await register(test)]
  t.not(one.client_id, other.client_id)
  t.not(one.client_secret, other.client_secret)
})

const BAD_URIS: [title: string, uris: unknown, place: string][] = [
  ['missing', undefined, 'redirect_uris'],
  ['empty', [], 'redirect_uris'],
  ['null', null, 'redirect_uris'],
  ['a text', REDIRECT_URI, 'redirect_uris'],
  ['an object', {}, 'redirect_uris'],
  ['a list of numbers', [1], 'redirect_uris[0]'],
  ['a list of lists', [REDIRECT_URI, [REDIRECT_URI]], 'redirect_uris[1]'],
  ['too long a list', Array(101).fill(REDIRECT_URI), 'redirect_uris'],
  ['relative', ['/callback'], 'redirect_uris[0]'],
  ['an empty text', [''], 'redirect_uris[0]'],
  ['with fragment', [REDIRECT_URI, `${REDIRECT_URI}#x`], 'redirect_uris[1]'],
  ['a script', ['javascript:alert(1)'], 'redirect_uris[0]'],
]
for (const [title, uris, place] of BAD_URIS) {
  t.test(`RFC 7591 §3.2.2: redirect_uris ${title}: invalid_redirect_uri`, async (t) => {
    refused(t, await post({ redirect_uris: uris }), 'invalid_redirect_uri', about(place))
  })
}

const BAD_METADATA: [metadata: object, place: string][] = [
  [{ token_endpoint_auth_method: 1 }, 'token_endpoint_auth_method'],
  [{ token_endpoint_auth_method: null }, 'token_endpoint_auth_method'],
  [{ token_endpoint_auth_method: ['none'] }, 'token_endpoint_auth_method'],
  [{ token_endpoint_auth_method: 'toString' }, 'token_endpoint_auth_method'],
  [{ grant_types: 'authorization_code' }, 'grant_types'],
  [{ grant_types: ['authorization_code', 'password'] }, 'grant_types[1]'],
  [{ grant_types: {} }, 'grant_types'],
  [{ response_types: ['token'] }, 'response_types[0]'],
  [{ response_types: [5] }, 'response_types[0]'],
  [{ response_types: true }, 'response_types'],
  [{ scope: ['openid'] }, 'scope'],
  [{ scope: null }, 'scope'],
  [{ client_name: 5 }, 'client_name'],
  [{ client_name: {} }, 'client_name'],
  [{ id_token_signed_response_alg: 'RS256' }, 'id_token_signed_response_alg'],
  [{ id_token_signed_response_alg: 256 }, 'id_token_signed_response_alg'],
  [{ post_logout_redirect_uris: 'x:y' }, 'post_logout_redirect_uris'],
  [{ post_logout_redirect_uris: [null] }, 'post_logout_redirect_uris[0]'],
  [{ post_logout_redirect_uris: ['/bye'] }, 'post_logout_redirect_uris[0]'],
]
for (const [metadata, place] of BAD_METADATA) {
  t.test(`RFC 7591 §3.2.2: ${JSON.stringify(metadata)}: invalid_client_metadata`, async (t) => {
    refused(t, await post({ redirect_uris, ...metadata }), 'invalid_client_metadata', about(place))
  })
}

t.test('OpenID Connect Registration §2: every member is returned as it was registered', async (t) => {
  const strict = await createApp(t, {
    profile: 'strict',
    server: { tls: { self_signed: true, client_certificates: true } },
  })
  const metadata = {
    redirect_uris: ['https://rp.example/cb?a=b'],
    response_types: ['code', 'code id_token', 'id_token token', 'none'],
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    application_type: 'web',
    scope: 'openid offline_access',
    client_name: 'RP',
    'client_name#de': 'Bäckerei',
    'client_uri#ja-Hani-JP': 'https://rp.example/ja',
    contacts: ['a@rp.example', 'b@rp.example'],
    client_uri: 'https://rp.example/#top',
    logo_uri: 'https://rp.example/logo.png',
    policy_uri: 'http://rp.example/policy',
    tos_uri: 'https://openid.net',
    software_id: 'rp',
    software_version: '1.0',
    jwks,
    subject_type: 'pairwise',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'PS512',
    tls_client_auth_subject_dn: 'CN=rp,O=Example',
    id_token_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'RSA-OAEP',
    id_token_encrypted_response_enc: 'A256GCM',
    userinfo_signed_response_alg: 'none',
    userinfo_encrypted_response_alg: 'RSA-OAEP-256',
    userinfo_encrypted_response_enc: 'A128GCM',
    request_object_signing_alg: 'ES256',
    request_object_encryption_alg: 'ECDH-ES',
    request_object_encryption_enc: 'A192CBC-HS384',
    request_uris: ['https://rp.example/request#hash', 'http://rp.example/other'],
    post_logout_redirect_uris: ['https://rp.example/bye', 'com.example:/bye'],
    default_max_age: 0,
    require_auth_time: true,
    default_acr_values: ['1', '2'],
    initiate_login_uri: 'https://rp.example/login',
    frontchannel_logout_uri: 'https://rp.example/front?a=b',
    frontchannel_logout_session_required: true,
    backchannel_logout_uri: 'https://rp.example/back',
    backchannel_logout_session_required: true,
  }
  const registered = await register(strict, metadata)
  t.match(registered, metadata)
  t.strictSame(
    Object.keys(registered)
      .filter((name) => !(name in metadata))
      .sort(),
    ['client_id', 'client_id_issued_at', 'registration_access_token', 'registration_client_uri'],
    'without a secret, which the client does not need',
  )
  t.match(await register(strict, { ...metadata, jwks: undefined, jwks_uri: 'https://rp.example/jwks' }), {
    jwks_uri: 'https://rp.example/jwks',
  })
})

t.test('OpenID Connect Registration §2: defaults that follow from other members', async (t) => {
  t.match(await register(test, { id_token_encrypted_response_alg: 'dir' }), {
    id_token_encrypted_response_enc: 'A128CBC-HS256',
  })
  t.match(
    await register(test, { userinfo_encrypted_response_alg: 'A128KW', request_object_encryption_alg: 'A256KW' }),
    {
      userinfo_encrypted_response_enc: 'A128CBC-HS256',
      request_object_encryption_enc: 'A128CBC-HS256',
    },
  )
  const implicit = await register(test, { response_types: ['token id_token'] })
  t.strictSame(implicit.response_types, ['id_token token'], 'the order of the words does not matter')
  t.strictSame(implicit.grant_types, ['authorization_code', 'implicit', 'refresh_token'])
})

const SECRETIVE: [object, boolean][] = [
  [{ token_endpoint_auth_method: 'client_secret_jwt' }, true],
  [{ token_endpoint_auth_method: 'private_key_jwt', jwks }, false],
  [{ token_endpoint_auth_method: 'none' }, false],
  [{ token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'HS256' }, true],
  [{ token_endpoint_auth_method: 'none', userinfo_signed_response_alg: 'HS512' }, true],
  [{ token_endpoint_auth_method: 'none', request_object_signing_alg: 'HS384' }, true],
  [{ token_endpoint_auth_method: 'none', id_token_encrypted_response_alg: 'A256KW' }, true],
  [{ token_endpoint_auth_method: 'none', userinfo_encrypted_response_alg: 'dir' }, true],
  [{ token_endpoint_auth_method: 'none', request_object_encryption_alg: 'A128KW' }, true],
  [{ token_endpoint_auth_method: 'none', request_object_signing_alg: 'RS256' }, false],
]
for (const [metadata, expected] of SECRETIVE) {
  t.test(`RFC 7591 §3.2.1: ${JSON.stringify(metadata).slice(0, 100)}: ${expected ? 'a' : 'no'} secret`, async (t) => {
    const registered = await register(test, metadata)
    t.equal(typeof registered.client_secret, expected ? 'string' : 'undefined')
    t.equal(registered.client_secret_expires_at, expected ? 0 : undefined)
  })
}

const INCONSISTENT: [metadata: object, place: string][] = [
  [{ jwks, jwks_uri: 'https://a/' }, 'jwks_uri'],
  [{ jwks: 5 }, 'jwks'],
  [{ jwks: null }, 'jwks'],
  [{ jwks: { keys: ['x'] } }, 'jwks'],
  [{ jwks: { keys: Array(101).fill(RSA_KEY) } }, 'jwks'],
  [{ jwks: { keys: [RSA_KEY, PRIVATE_KEY] } }, 'jwks.keys[1]'],
  [{ jwks: { keys: [{ kty: 'oct', k: 'abc' }] } }, 'jwks.keys[0]'],
  [{ jwks: { keys: [{}] } }, 'jwks.keys[0]'],
  [{ jwks: { keys: [{ ...RSA_KEY, kid: {} }] } }, 'jwks.keys[0]'],
  [{ jwks_uri: 'https://a/#b' }, 'jwks_uri'],
  [{ jwks_uri: 'ftp://a/' }, 'jwks_uri'],
  [{ logo_uri: 'javascript:alert(1)' }, 'logo_uri'],
  [{ logo_uri: '/logo.png' }, 'logo_uri'],
  [{ policy_uri: 'https://a/ b' }, 'policy_uri'],
  [{ 'tos_uri#de': 'x:y' }, 'tos_uri#de'],
  [{ 'client_name#de': 5 }, 'client_name#de'],
  [{ client_uri: `https://a/${'x'.repeat(9000)}` }, 'client_uri'],
  [{ initiate_login_uri: 'http://a/login' }, 'initiate_login_uri'],
  [{ backchannel_logout_uri: 'https://a/#x' }, 'backchannel_logout_uri'],
  [{ frontchannel_logout_uri: 'data:text/html,x' }, 'frontchannel_logout_uri'],
  [{ request_uris: [`https://a/${'x'.repeat(503)}`] }, 'request_uris[0]'],
  [{ request_uris: ['file:///etc/passwd'] }, 'request_uris[0]'],
  [{ contacts: 'a@b' }, 'contacts'],
  [{ contacts: Array(101).fill('a') }, 'contacts'],
  [{ default_max_age: -1 }, 'default_max_age'],
  [{ default_max_age: '5' }, 'default_max_age'],
  [{ require_auth_time: 'true' }, 'require_auth_time'],
  [{ subject_type: 'private' }, 'subject_type'],
  [{ application_type: 'app' }, 'application_type'],
  [{ token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
  [{ token_endpoint_auth_method: 'tls_client_auth' }, 'token_endpoint_auth_method'],
  [
    { token_endpoint_auth_method: 'private_key_jwt', jwks, token_endpoint_auth_signing_alg: 'HS256' },
    'token_endpoint_auth_signing_alg',
  ],
  [
    { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'ES256' },
    'token_endpoint_auth_signing_alg',
  ],
  [{ token_endpoint_auth_signing_alg: 'none' }, 'token_endpoint_auth_signing_alg'],
  [{ id_token_encrypted_response_enc: 'A128GCM' }, 'id_token_encrypted_response_enc'],
  [{ userinfo_encrypted_response_enc: 'A128GCM' }, 'userinfo_encrypted_response_enc'],
  [{ request_object_encryption_enc: 'A128GCM' }, 'request_object_encryption_enc'],
  [{ id_token_encrypted_response_alg: 'RSA-OAEP' }, 'id_token_encrypted_response_alg'],
  [{ userinfo_encrypted_response_alg: 'ECDH-ES' }, 'userinfo_encrypted_response_alg'],
  [{ id_token_encrypted_response_alg: 'RSA1_5' }, 'id_token_encrypted_response_alg'],
  [{ request_object_encryption_alg: 'RSA-OAEP' }, 'request_object_encryption_alg'],
  [{ id_token_signed_response_alg: 'none', response_types: ['code', 'code id_token'] }, 'id_token_signed_response_alg'],
  [{ tls_client_auth_subject_dn: 'client' }, 'tls_client_auth_subject_dn'],
  [{ tls_client_auth_san_ip: 'localhost' }, 'tls_client_auth_san_ip'],
  [{ subject_type: 'pairwise', redirect_uris: ['https://a.example/', 'https://b.example/'] }, 'sector_identifier_uri'],
  [{ subject_type: 'pairwise', redirect_uris: ['com.example:/cb'] }, 'sector_identifier_uri'],
]
for (const [metadata, place] of INCONSISTENT) {
  t.test(
    `OpenID Connect Registration §2: ${JSON.stringify(metadata).slice(0, 150)}: invalid_client_metadata`,
    async (t) => {
      refused(t, await post({ redirect_uris, ...metadata }), 'invalid_client_metadata', about(place))
    },
  )
}

t.test(
  'OpenID Connect Registration §2: a client that gets ID tokens only from the token endpoint can register none',
  async (t) => {
    const metadata = { id_token_signed_response_alg: 'none', response_types: ['code', 'code token'] }
    t.match(await register(test, metadata), metadata)
  },
)

t.test(
  'RFC 7591 §2.2: an invalid language makes a member unknown; the number of members with a language is limited',
  async (t) => {
    const odd = { 'client_name#': 'x', 'client_name#not a tag': 5, 'contacts#de': 'x', 'jwks#de': 5 }
    const registered = await register(test, odd)
    for (const name of Object.keys(odd)) t.notOk(name in registered, name)
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`client_name#a-${index}`, 'x']))
    refused(
      t,
      await post({ redirect_uris, ...many }),
      'invalid_client_metadata',
      /^101 members have a language tag, expected at most 100$/,
    )
  },
)

t.test('RFC 8705 §2.1.2: tls_client_auth needs exactly one name', async (t) => {
  const server = { tls: { self_signed: true, client_certificates: true } }
  const asking = await createApp(t, { server })
  const attempt = (metadata: object) => register(asking, { token_endpoint_auth_method: 'tls_client_auth', ...metadata })
  for (const one of [
    { tls_client_auth_subject_dn: 'CN=a' },
    { tls_client_auth_san_dns: 'a.example' },
    { tls_client_auth_san_uri: 'urn:a' },
    { tls_client_auth_san_ip: '::1' },
    { tls_client_auth_san_email: 'a@b' },
  ]) {
    t.match(await attempt(one), { ...one, token_endpoint_auth_method: 'tls_client_auth' })
  }
  for (const metadata of [{}, { tls_client_auth_san_dns: 'a', tls_client_auth_san_uri: 'urn:a' }]) {
    t.match(await attempt(metadata), {
      error: 'invalid_client_metadata',
      error_description: about('token_endpoint_auth_method'),
    })
  }
})

const APPLICATIONS: [object, boolean][] = [
  [{ redirect_uris: ['http://localhost/cb', 'com.example:/cb'] }, true],
  [{ redirect_uris: ['https://rp.example/'], grant_types: ['implicit'] }, true],
  [{ redirect_uris: ['http://rp.example/'], grant_types: ['implicit'] }, false],
  [{ redirect_uris: ['https://localhost/'], response_types: ['id_token'] }, false],
  [{ redirect_uris: ['https://rp.example/', 'com.example:/cb'], grant_types: ['implicit'] }, false],
  [{ application_type: 'native', redirect_uris: ['com.example:/cb', 'http://localhost:1/', 'http://[::1]/'] }, true],
  [{ application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'], grant_types: ['implicit'] }, true],
  [{ application_type: 'native', redirect_uris: ['http://rp.example/cb'] }, false],
  [{ application_type: 'native', redirect_uris: ['com.example:/cb', 'https://localhost/'] }, false],
]
for (const [metadata, good] of APPLICATIONS) {
  t.test(
    `OpenID Connect Registration §2: ${JSON.stringify(metadata)} is ${good ? 'accepted' : 'refused'}`,
    async (t) => {
      const answer = await register(byApplicationType, metadata)
      if (good) t.match(answer, metadata)
      else {
        t.match(answer, { error: 'invalid_redirect_uri', error_description: /^redirect_uris\[[01]\] .*, expected / })
      }
      t.match(await register(test, metadata), metadata, 'the profile lenient accepts both')
    },
  )
}

t.test('RFC 7591 §2.1: response types go with grant types', async (t) => {
  const strict = (metadata: object) => register(byGrantTypes, metadata)
  t.strictSame((await strict({})).grant_types, ['authorization_code'])
  for (const [response_types, grant_types, missing] of [
    [['code'], ['implicit'], 'authorization_code'],
    [['code id_token'], ['authorization_code'], 'implicit'],
    [['id_token', 'code'], ['refresh_token'], 'authorization_code and implicit'],
    [['id_token'], undefined, 'implicit'],
  ] as const) {
    t.match(await strict({ response_types, grant_types }), {
      error: 'invalid_client_metadata',
      error_description: `, expected also ${missing} for the response_types ${response_types.join(', ')};`,
    })
    t.match(await register(test, { response_types, grant_types }), { response_types })
  }
  for (const metadata of [
    { response_types: ['code'], grant_types: ['authorization_code', 'refresh_token'] },
    { response_types: ['code token', 'id_token'], grant_types: ['authorization_code', 'implicit'] },
    { response_types: ['none'], grant_types: [] },
  ]) {
    t.match(await strict(metadata), metadata)
  }
  const remark = { event: 'would_be_refused', rule: 'consistent_grant_types', error: 'invalid_client_metadata' }
  t.match(
    test.log.find(({ rule }) => rule === 'consistent_grant_types'),
    remark,
  )
})

t.test(
  'RFC 7591 §2.3: the members of a software statement take precedence, and it is returned unchanged',
  async (t) => {
    const claims = { iss: 'https://maker', client_name: 'Made', software_id: 'made', redirect_uris, exp: 1, unknown: 1 }
    const software_statement = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32))
    const registered = jsonOf(t, await post({ software_statement, client_name: 'Mine', scope: 'openid' }), 201)
    t.match(registered, {
      software_statement,
      client_name: 'Made',
      software_id: 'made',
      redirect_uris,
      scope: 'openid',
    })
    t.notOk('iss' in registered || 'unknown' in registered)
    const inner = await new SignJWT({ iss: 'a', software_statement: 'x', redirect_uris })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.alloc(32))
    t.match(jsonOf(t, await post({ software_statement: inner }), 201), { software_statement: inner })
    const bad: [unknown, RegExp][] = [
      [5, /^software_statement is 5, expected a JWT$/],
      ['x', /^software_statement is not a JWT: its header is not a JSON object$/],
      ['a.b.c', /^software_statement is not a JWT: its header is not a JSON object$/],
      [new UnsecuredJWT({ iss: 'a' }).encode(), /^software_statement has the alg none, expected a signature$/],
      ['e30.e30.x', /^software_statement has the alg missing, expected a signature$/],
      [
        await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32)),
        /^software_statement has no iss/,
      ],
    ]
    for (const [statement, message] of bad) {
      refused(t, await post({ redirect_uris, software_statement: statement }), 'invalid_software_statement', message)
    }
  },
)

t.test('RFC 7591 §3.2.1: a secret can expire', async (t) => {
  const expiring = await createApp(t, { lifetimes: { client_secret: '1h' } })
  const { client_id_issued_at, client_secret_expires_at } = await register(expiring)
  t.equal(Number(client_secret_expires_at) - Number(client_id_issued_at), 3600)
})

t.test('RFC 7591 §3: a configured initial access token is required', async (t) => {
  const asking = await createApp(t, { registration: { initial_access_token: 'let-me-in' } })
  const attempt = (authorization?: string) =>
    asking.app.inject({
      method: 'POST',
      url: '/oauth2/clients',
      payload: { redirect_uris },
      headers: authorization === undefined ? {} : { authorization },
    })
  jsonOf(t, await attempt('Bearer let-me-in'), 201)
  for (const [authorization, description, challenge] of [
    [undefined, /^the initial access token is missing/, /^Bearer realm="[^"]+"$/],
    ['Basic let-me-in', /^the Authorization header is invalid, expected Bearer/, /^Bearer realm="[^"]+"$/],
    ['Bearer wrong', /^the initial access token is not the one of/, /^Bearer .*error="invalid_token"/],
  ] as const) {
    const answer = await attempt(authorization)
    refused(t, answer, 'invalid_token', description, 401)
    t.match(answer.headers['www-authenticate'], challenge)
  }
})

t.test('RFC 7591 §3.2.1: members of keys that the provider does not read are neither kept nor returned', async (t) => {
  const test = await createApp(t)
  const named = { ...RSA_KEY, kid: 'one', use: 'sig' }
  const dense = { keys: [{ ...named, x5c: [{}, {}], ext: true }], more: [{}] }
  const { client_id, registration_access_token, jwks } = await register(test, { jwks: dense })
  t.strictSame(jwks, { keys: [named] })
  const headers = { authorization: `Bearer ${registration_access_token}` }
  t.match(jsonOf(t, await test.app.inject({ url: `/oauth2/clients/${client_id}`, headers })), { jwks })
  const put = { jwks: dense, redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }
  const answer = await test.app.inject({ method: 'PUT', url: '/admin/clients/put', payload: put })
  t.strictSame(jsonOf(t, answer, 201).jwks, jwks)
})

const BROKEN: [string, unknown, string, number][] = [
  ['broken JSON', '{"redirect_uris": [', 'application/json', 400],
  ['no body', undefined, 'application/json', 400],
  ['an empty body', '', 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['null', 'null', 'application/json', 400],
  ['a text', '"x"', 'application/json', 400],
  ['__proto__', '{"__proto__": {}}', 'application/json', 400],
  ['many values', `{"x": [${'0,'.repeat(20_000)}0]}`, 'application/json', 413],
  ['a body that is too large', `{"x": "${'x'.repeat(2 ** 21)}"}`, 'application/json', 413],
  ['plain text', '{}', 'text/plain', 415],
  ['a form', 'redirect_uris=http://a/&redirect_uris=http://b/', 'application/x-www-form-urlencoded', 400],
]
for (const [title, payload, type, status] of BROKEN) {
  t.test(`RFC 7591 §3.2.2: ${title}: invalid_client_metadata as JSON`, async (t) => {
    const headers = { 'content-type': type, accept: 'text/html' }
    const answer = await test.post('/oauth2/clients', undefined, { payload: payload as string, headers })
    refused(t, answer, 'invalid_client_metadata', /./, status)
  })
}

t.test('RFC 7591 §3.2.1: the response has the scope that refresh tokens need, if the rule is on', async (t) => {
  const metadata = { scope: 'openid email', grant_types: ['authorization_code', 'refresh_token'] }
  const strict = await createApp(t, { profile: 'strict' })
  const client = await register(strict, { ...metadata, token_endpoint_auth_method: 'none' })
  t.equal(client.scope, 'openid email offline_access')
  t.equal((await register(strict, { ...metadata, scope: 'offline_access openid' })).scope, 'offline_access openid')
  t.equal((await register(strict, { ...metadata, grant_types: ['authorization_code'] })).scope, 'openid email')
  const all = 'openid profile email address phone offline_access'
  t.equal((await register(strict, { grant_types: metadata.grant_types })).scope, all)
  t.notOk('scope' in (await register(strict, { grant_types: ['authorization_code'] })))
  t.equal((await register(await createApp(t), metadata)).scope, 'openid email')
})

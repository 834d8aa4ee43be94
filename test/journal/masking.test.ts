/** Tests of masking the secrets of journal entries. */
import fc from 'fast-check'
import t from 'tap'
import type { JournalEntry } from '../../src/journal/entry.js'
import { maskEntry, TOO_MANY_SECRETS } from '../../src/journal/masking.js'
import { MOST_SECRETS } from '../../src/journal/secrets.js'

const NOTHING = { id: 1, at: 0, tokens: [], remarks: [], faults: [] }
const SECRET = 'a-secret-that-must-be-masked'
const HEADER = Buffer.from('{"alg":"ES256"}').toString('base64url')
const JWT = `${HEADER}.${Buffer.from('{"sub":"alice"}').toString('base64url')}.c2lnbmF0dXJl`
const JWE = `${HEADER}.a2V5.aXY.dGV4dA.dGFn`

const bodyOf = (body: unknown): JournalEntry => ({
  ...NOTHING,
  request: { method: 'POST', url: '/', headers: {}, body },
})
const maskBody = (body: unknown) => maskEntry(bodyOf(body)).request?.body
const maskHeaders = (headers: Record<string, unknown>) =>
  maskEntry({ ...NOTHING, response: { status: 200, headers } }).response?.headers

t.test('secrets are masked by name in forms, JSON, URLs and texts', async (t) => {
  t.strictSame(maskBody({ client_secret: 's', code: ['a', 'b'], password: 7, scope: 'openid' }), {
    client_secret: '***',
    code: ['***', '***'],
    password: '***',
    scope: 'openid',
  })
  t.strictSame(maskBody([{ deep: [{ device_code: 'x' }] }, null, 1]), [{ deep: [{ device_code: '***' }] }, null, 1])
  t.equal(
    maskBody('https://app/cb?a=1&code=xyz#id_token=x&%63ode=y&%zz=1'),
    'https://app/cb?a=1&code=***#id_token=***&%63ode=***&%zz=1',
  )
  t.equal(
    maskBody('{"access_token": "x", "a": "b", "refresh_token": "cut of'),
    '{"access_token":"***", "a": "b", "refresh_token":"***',
  )
  t.strictSame(
    maskEntry({ ...NOTHING, request: { method: 'GET', url: '/?code=a&state=b', headers: {} } }).request?.url,
    '/?code=***&state=b',
  )
})

t.test('the signature of a JWT is masked, its header and payload stay', async (t) => {
  const visible = JWT.replace(/[^.]+$/, '***')
  t.strictSame(maskBody({ id_token: JWT, other: JWT, text: `see ${JWT}.` }), {
    id_token: visible,
    other: visible,
    text: `see ${visible}.`,
  })
  t.strictSame(maskBody({ other: JWT }), { other: visible })
  t.strictSame(maskBody({ other: JWE }), { other: `${HEADER}.***` })
  t.strictSame(maskBody({ id_token: JWE, text: `see ${JWE}.` }), { id_token: '***', text: `see ${HEADER}.***.` })
  t.strictSame(maskBody({ id_token: JWE }), { id_token: '***' })
  t.strictSame(maskBody({ response: JWT }), { response: '***' }, 'a JARM response contains a code and is masked')
  t.strictSame(maskBody({ access_token: 'not.a.jwt' }), { access_token: '***' })
})

t.test('the signature of a JWT is masked after any character', async (t) => {
  for (const before of ['v1_', 'v1-', '%22', 'name%3D', 'a.b.', 'a..', 'key.', 'https://monkey.example.com.']) {
    const visible = `${before}${JWT.replace(/[^.]+$/, '***')}`
    t.strictSame(maskBody({ state: `${before}${JWT}` }), { state: visible })
    t.strictSame(maskBody({ state: `${before}${JWE}"` }), { state: `${before}${HEADER}.***"` })
  }
  t.strictSame(maskBody({ state: `${JWT}.aa` }), { state: `${HEADER}.***` })
  for (const state of ['https://keycloak.dev.example.com/a.b', 'eyJh.b', 'a.b.eyJh.b', 'eyJh.b.']) {
    t.strictSame(maskBody({ state }), { state }, 'other texts stay')
  }
})

t.test('a plain code_challenge is masked, since it is the code_verifier', async (t) => {
  t.strictSame(maskBody({ code_challenge: 'c', code_challenge_method: 'plain' }), {
    code_challenge: '***',
    code_challenge_method: 'plain',
  })
  t.strictSame(maskBody({ code_challenge: 'c', code_challenge_method: 'S256' }), {
    code_challenge: 'c',
    code_challenge_method: 'S256',
  })
  t.equal(maskBody('/?code_challenge=c'), '/?code_challenge=***')
  t.equal(maskBody('/?code_challenge=c&code_challenge_method=S256'), '/?code_challenge=c&code_challenge_method=S256')
})

t.test('private members of keys are masked', async (t) => {
  t.strictSame(
    maskBody({
      jwks: {
        keys: [
          { kty: 'EC', x: 'x', d: 'd' },
          { kty: 'oct', k: 'k' },
        ],
      },
      k: 'k',
    }),
    {
      jwks: {
        keys: [
          { kty: 'EC', x: 'x', d: '***' },
          { kty: 'oct', k: '***' },
        ],
      },
      k: 'k',
    },
  )
})

t.test('private members of keys are masked without kty, in a text, and in a text that was cut', async (t) => {
  const jwks = { keys: [{ kid: 'a', d: SECRET, k: SECRET }] }
  const masked = { keys: [{ kid: 'a', d: '***', k: '***' }] }
  t.strictSame(maskBody({ jwks }), { jwks: masked })
  t.strictSame(maskBody({ jwks: [{ d: 'd' }], jwk: { p: 'p' } }), { jwks: [{ d: '***' }], jwk: { p: '***' } })
  t.strictSame(maskBody({ jwks: JSON.stringify(jwks) }), { jwks: JSON.stringify(masked) })
  t.strictSame(maskBody({ a: '{"keys":[{"kid":"a","d":"cut' }), { a: '{"keys":[{"kid":"a","d":"***' })
  t.strictSame(maskBody({ jwks: '[{"kid":"a","d":"cut' }), { jwks: '[{"kid":"a","d":"***' })
  t.strictSame(maskBody({ q: 'word', d: { k: 'k' } }), { q: 'word', d: { k: 'k' } }, 'other members stay')
})

t.test('the claims of a request object are masked, since they can be secrets', async (t) => {
  const claims = Buffer.from(`{"code_challenge":"${SECRET}"}`).toString('base64url')
  const request = `${HEADER}.${claims}.`
  t.strictSame(maskBody({ request, other: request }), { request: '***', other: `${HEADER}.***` })
  t.equal(maskBody(`/?request=${request}`), '/?request=***')
})

t.test('a secret is masked in each spelling of its name', async (t) => {
  for (const name of ['clientSecret', 'Client_Secret', 'client_secret[]', 'client_secret ', 'CLIENT-SECRET']) {
    t.strictSame(maskBody({ [name]: 's' }), { [name]: '***' })
    t.equal(maskBody(`a {"${name}": "s"`), `a {"${name}":"***"`)
    const encoded = encodeURIComponent(name)
    t.equal(maskBody(`/?a=b&${encoded}=s&c=d`), `/?a=b&${encoded}=***&c=d`)
  }
  t.equal(maskBody('/?a=b;client_secret=s'), '/?a=b;client_secret=***')
  t.equal(maskBody('/?client_secret+=s'), '/?client_secret+=***')
  t.strictSame(maskBody({ client_secret_expires_at: 1, codes: 'a' }), { client_secret_expires_at: 1, codes: 'a' })
})

t.test('headers are masked by the last word of their names', async (t) => {
  for (const name of ['x-api-key', 'x-forwarded-access-token', 'token', 'x-client-secret', 'x-password']) {
    t.strictSame(maskHeaders({ [name]: SECRET, other: SECRET }), { [name]: '***', other: '***' })
  }
  t.strictSame(maskHeaders({ monkey: 'a', 'key-id': 'b' }), { monkey: 'a', 'key-id': 'b' })
})

t.test('secrets in encoded values are masked, up to three encodings in one another', async (t) => {
  const encode = encodeURIComponent
  const json = (text: string) => JSON.stringify({ a: text })
  const token = (value: string) => JSON.stringify({ a: 'b', access_token: value })
  const shapes: Readonly<Record<string, (value: string) => string>> = {
    'a pair in a URL': (value) => `/?redirect_uri=${encode(`http://localhost/cb?access_token=${value}`)}&a=b`,
    'a pair in a URL in a URL': (value) => `/?a=${encode(`/b?c=${encode(`/d?code=${value}`)}`)}`,
    'three encodings': (value) => `/?a=${encode(`/b?c=${encode(`/d?e=${encode(`/f?code=${value}`)}`)}`)}`,
    'a text that is encoded alone': (value) => encode(`cb?code=${value}`),
    'JSON in a URL': (value) => `/?state=${encode(token(value))}`,
    JSON: token,
    'JSON in JSON': (value) => json(token(value)),
    'JSON in JSON in JSON': (value) => json(json(token(value))),
    'a URL in JSON': (value) => json(`/?code=${value}`),
    'JSON in a list': (value) => JSON.stringify([token(value)]),
    'JSON with a repeated name': (value) => `{"a":{"code":"${value}"},"a":1}`,
    'JSON in JSON that was cut': (value) => json(token(value)).slice(0, -5),
    'a malformed encoding': (value) => `/?a=%zz${encode(`/b?code=${value}`)}`,
  }
  for (const [shape, create] of Object.entries(shapes)) {
    const shown = String((maskBody({ state: create('short'), mirror: 'a' }) as { state: string }).state)
    t.notMatch(shown, 'short', shape)
    t.match(shown, '***', shape)
    t.strictSame(maskBody({ state: create(SECRET), mirror: SECRET }), { state: shown, mirror: '***' }, shape)
  }
  t.strictSame(maskHeaders({ referer: 'http://a/?next=%2Fcb%3Fcode%3DX' }), {
    referer: 'http://a/?next=%2Fcb%3Fcode%3D***',
  })
  t.equal(maskBody('/?a=%2Fb%3Fcode%3Dx%26c%3D\ud800'), '/?a=%2Fb%3Fcode%3D***%26c%3D%EF%BF%BD')
  for (const text of ['{ "a": "b%20c" }', '/?a=%2F&b=%7B%7D', '%', '{"a":"\\"b\\""}', '['.repeat(10_000), '[]']) {
    t.equal(maskBody(text), text, 'a text without a secret stays')
  }
})

t.test('credentials and cookies in headers are masked', async (t) => {
  t.strictSame(
    maskHeaders({
      authorization: `Basic ${Buffer.from(`app:${SECRET}`).toString('base64')}`,
      'proxy-authorization': 'x',
      cookie: 'a=1; b=2',
      'set-cookie': ['a=1; Path=/; HttpOnly', 'b=2'],
      location: 'https://app/cb?code=x',
      'content-length': 7,
    }),
    {
      authorization: 'Basic ***',
      'proxy-authorization': '***',
      cookie: 'a=***; b=***',
      'set-cookie': ['a=***; Path=/; HttpOnly', 'b=***'],
      location: 'https://app/cb?code=***',
      'content-length': 7,
    },
  )
})

t.test('a secret is masked everywhere in its entry', async (t) => {
  const entry = {
    ...bodyOf({ code: SECRET, client_secret: 'app-app-app', id_token: JWT }),
    client_id: 'app-app-app',
    error_description: `code ${SECRET} is unknown; ${JWT}`,
    remarks: [{ event: 'decision' as const, message: SECRET, details: { list: [SECRET, 1, null] } }],
  }
  t.match(maskEntry(entry), {
    client_id: 'app-app-app',
    error_description: /^code \*\*\* is unknown; ey[\w-]+\.ey[\w-]+\.\*\*\*$/,
    remarks: [{ message: '***', details: { list: ['***', 1, null] } }],
  })
  t.equal(
    maskEntry({ ...bodyOf({ code: 'openid' }), scope: 'openid' }).scope,
    'openid',
    'a short secret is not masked elsewhere',
  )
  const credentials = { authorization: `Basic ${Buffer.from(`app:${SECRET}`).toString('base64')}` }
  const mirrored = { ...NOTHING, request: { method: 'GET', url: '/', headers: credentials, body: { a: SECRET } } }
  t.strictSame(maskEntry(mirrored).request?.body, { a: '***' })
  t.strictSame(
    entry.request?.body,
    { code: SECRET, client_secret: 'app-app-app', id_token: JWT },
    'the entry itself stays',
  )
})

t.test('an identifier that begins with a secret stays', async (t) => {
  const [client_id, sub, grant_type] = ['demo-client-app', 'authorization-alice', 'authorization_code']
  const about = { client_id, sub, grant_type }
  const entry = { ...bodyOf({ ...about, client_secret: 'demo-client', code: 'authorization' }), ...about }
  const remarks = [{ event: 'decision' as const, message: 'demo-client is wrong', details: about }]
  t.match(maskEntry({ ...entry, remarks }), {
    ...about,
    request: { body: { ...about, client_secret: '***', code: '***' } },
    remarks: [{ message: '*** is wrong', details: about }],
  })
})

t.test('secrets within other values and names are masked', async (t) => {
  t.equal(maskBody(`/?next=code=${SECRET}&x=y`), '/?next=code=***&x=y')
  t.equal(maskBody('/?code=a=b==&x=y'), '/?code=***&x=y')
  t.strictSame(maskBody({ [`code=${SECRET}`]: '' }), { 'code=***': '' }, 'a form that was encoded twice')
  t.equal(maskBody('{"password":"a\\"b\\\\","scope":"a"}'), '{"password":"***","scope":"a"}')
  t.strictSame(maskBody({ password: SECRET, [SECRET]: 'a' }), { password: '***', '***': 'a' })
  t.strictSame(maskBody({ password: 'eyes.on.me', note: 'eyes.on.me' }), { password: '***', note: '***' })
  t.strictSame(maskBody({ url: '/?password=pass%2Fword&a=b', raw: 'is pass%2Fword', decoded: 'is pass/word' }), {
    url: '/?password=***&a=b',
    raw: 'is ***',
    decoded: 'is ***',
  })
})

t.test('credentials are masked everywhere, encoded or not, and cookies without a name', async (t) => {
  const headers = {
    authorization: `Basic ${Buffer.from('app:pass%2Fword').toString('base64')}`,
    cookie: `${SECRET}; a`,
    'x-copy': `pass/word pass%2Fword ${SECRET}`,
  }
  t.strictSame(maskHeaders(headers), { authorization: 'Basic ***', cookie: '***;***', 'x-copy': '*** *** ***' })
  const authorization = `Basic ${Buffer.from('app:pass+word').toString('base64')}`
  t.strictSame(maskHeaders({ authorization, 'x-copy': 'pass+word pass word' }), {
    authorization: 'Basic ***',
    'x-copy': '*** ***',
  })
  t.strictSame(maskHeaders({ authorization: SECRET, 'x-copy': SECRET }), { authorization: '***', 'x-copy': '***' })
})

t.test('words of the provider stay, also if they are sent as secrets', async (t) => {
  const entry: JournalEntry = {
    ...bodyOf({ code: ['would_be_refused', 'authorization', 'content-type', 'http.status'] }),
    endpoint: 'authorization',
    remarks: [{ event: 'would_be_refused', message: 'authorization is refused', details: {} }],
    faults: [{ fault: 'http.status', source: 'config', id: 'x' }],
  }
  t.match(maskEntry(entry), {
    endpoint: 'authorization',
    remarks: [{ event: 'would_be_refused', message: '*** is refused' }],
    faults: [{ fault: 'http.status', source: 'config', id: 'x' }],
  })
})

t.test('secrets that begin alike are masked, a few of them whole', async (t) => {
  for (const count of [2, 8, 9, 100]) {
    const code = Array.from({ length: count }, (_, index) => `${SECRET}-${'x'.repeat(index)}-${index}`)
    const text = code.map((secret) => `<${secret}>`).join('')
    const shown = String((maskBody({ code, text }) as { text: string }).text)
    for (const secret of code) t.notOk(shown.includes(secret), `${count}: ${secret}`)
    t.notMatch(shown, SECRET)
    if (count <= 8) t.equal(shown, '<***>'.repeat(count))
  }
  const long = 'y'.repeat(64)
  t.equal((maskBody({ code: `${long}-1`, text: `<${long}-1>` }) as { text: string }).text, '<***>')
  t.equal((maskBody({ code: `${long}-12`, text: `<${long}-21>` }) as { text: string }).text, '<***>', 'it begins alike')
})

t.test('an entry with too many secrets shows none of its texts', async (t) => {
  const code = Array.from({ length: MOST_SECRETS + 1 }, (_, index) => `secret-${index}`)
  const [last = ''] = code.slice(-1)
  const entry: JournalEntry = {
    ...NOTHING,
    endpoint: 'token',
    client_id: 'app',
    scope: last,
    error: 'invalid_grant',
    error_description: `code is ${last}`,
    request: { method: 'POST', url: `/token?a=${last}`, headers: { 'x-copy': last }, body: { code } },
    response: { status: 400, headers: { 'x-copy': last }, body: { error_description: last } },
    tokens: [{ name: last, header: {} }],
    remarks: [{ event: 'decision', message: last, details: { last } }],
  }
  t.strictSame(maskEntry(entry), {
    ...NOTHING,
    endpoint: 'token',
    client_id: 'app',
    error: 'invalid_grant',
    request: { method: 'POST', url: '/token', headers: {}, body: TOO_MANY_SECRETS },
    response: { status: 400, headers: {} },
    remarks: [{ event: 'decision', message: '***', details: {} }],
  })
  const one = { method: 'POST', url: '/token', headers: {}, body: { code: code.slice(1), last } }
  t.match(maskEntry({ ...NOTHING, request: one }).request?.body, { last: '***' }, 'as many as can be masked')
  t.strictSame(maskEntry({ ...NOTHING, remarks: [{ event: 'decision', message: '', details: { code } }] }), {
    ...NOTHING,
    remarks: [{ event: 'decision', message: '***', details: {} }],
  })
})

t.test('no value that was sent under the name of a secret is shown anywhere', async (t) => {
  const secret = fc.stringMatching(/^[\w.~+/=-]{8,90}$/)
  const around = fc.string()
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 12 }), around, around, (code, before, after) => {
      const text = code.map((one) => before + one + after).join('')
      const request = { method: 'POST', url: `/?${text}`, headers: { text }, body: { code, text } }
      const shown = JSON.stringify(maskEntry({ ...NOTHING, request, error_description: text }))
      return code.every((one) => !shown.includes(JSON.stringify(one).slice(1, -1)))
    }),
    { numRuns: 500 },
  )
  t.pass('500 entries have no secret')
})

t.test('every entry can be masked in linear time', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.dictionary(fc.string(), fc.string()), (body, url, headers) => {
      const entry = { ...bodyOf(body), request: { method: 'GET', url, headers, body } }
      t.strictSame(Object.keys(maskEntry(entry)).toSorted(), Object.keys(entry).toSorted())
    }),
    { numRuns: 200 },
  )
  // Each takes minutes with a pattern that restarts at every character.
  for (const text of [
    'a',
    'ey-',
    'ey',
    'eyJ',
    'eyJ.',
    '.',
    'a..',
    '"a',
    'ey.',
    '" ',
    '"a":',
    'a=',
    '%',
    '%3D',
    'a=%3D',
    'a%3Db=',
    '\\"',
    '"a":"\\"',
    '[',
    '{"a":',
  ])
    maskBody(text.repeat(100_000))
  maskHeaders({ cookie: 'x'.repeat(100_000), authorization: `Basic${' '.repeat(100_000)}` })
  maskBody({ code: [1, 2, 3].map((end) => 'a'.repeat(50_000) + end), text: 'a'.repeat(100_000) })
  t.pass('texts that are slow with backtracking patterns are masked')
})

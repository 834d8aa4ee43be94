/** Tests of masking the secrets of journal entries. */
import fc from 'fast-check'
import t from 'tap'
import type { JournalEntry } from '../../src/journal/entry.js'
import { maskEntry } from '../../src/journal/masking.js'

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
  t.strictSame(maskBody({ other: JWE }), { other: `${HEADER}.***` })
  t.strictSame(maskBody({ id_token: JWE }), { id_token: '***' })
  t.strictSame(maskBody({ response: JWT }), { response: '***' }, 'a JARM response contains a code and is masked')
  t.strictSame(maskBody({ access_token: 'not.a.jwt' }), { access_token: '***' })
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

t.test('every entry can be masked in linear time', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.dictionary(fc.string(), fc.string()), (body, url, headers) => {
      const entry = { ...bodyOf(body), request: { method: 'GET', url, headers, body } }
      t.strictSame(Object.keys(maskEntry(entry)).toSorted(), Object.keys(entry).toSorted())
    }),
    { numRuns: 200 },
  )
  // Each takes minutes with a pattern that restarts at every character.
  for (const text of ['a', 'ey-', 'ey', '"a', 'ey.', '" ', '"a":', 'a=', '%']) maskBody(text.repeat(100_000))
  t.pass('texts that are slow with backtracking patterns are masked')
})

/** The parameters of requests. RFC 6749 §3.1 and §3.2. */
import t from 'tap'
import { invalidRequest } from '../../src/errors.js'
import { overlay, readForm, readJson, readParams, words } from '../../src/oauth/params.js'

t.test('RFC 6749 §3.1: a parameter without a value counts as omitted', async (t) => {
  const params = readParams({ state: '', scope: 'openid' })
  t.equal(params.find('state'), undefined)
  t.equal(params.find('nonce'), undefined)
  t.equal(params.find('scope'), 'openid')
  t.equal(params.require('scope'), 'openid')
  for (const name of ['state', 'nonce']) {
    t.throws(() => params.require(name), { error: 'invalid_request', message: `${name} is missing` })
  }
})

t.test('RFC 6749 §3.1: a parameter must not be repeated; unused parameters can be', async (t) => {
  const params = readParams({ state: ['a', 'b'], scope: 'openid', other: ['', ''] })
  t.throws(() => params.find('state'), {
    error: 'invalid_request',
    message: 'state has 2 values, expected at most one',
  })
  t.throws(() => params.require('other'), { error: 'invalid_request', message: /^other has 2 values/ })
  t.equal(params.find('scope'), 'openid')
  t.strictSame(params.entries(), [
    ['state', 'a'],
    ['state', 'b'],
    ['scope', 'openid'],
    ['other', ''],
    ['other', ''],
  ])
})

t.test(
  'RFC 8707 §2: all values of a parameter that may be repeated; a value that is empty counts as omitted',
  async (t) => {
    const params = readParams({ resource: ['https://a.example', '', 'https://b.example'], audience: '' })
    t.strictSame(params.all('resource'), ['https://a.example', 'https://b.example'])
    t.strictSame(params.all('audience'), [])
    t.strictSame(overlay(params, readParams({ audience: 'c' })).all('audience'), ['c'])
  },
)

t.test('a parameter has at most 8192 characters', async (t) => {
  const params = readParams({ good: 'x'.repeat(8192), bad: 'x'.repeat(8193) })
  t.equal(params.find('good')?.length, 8192)
  t.throws(() => params.find('bad'), { error: 'invalid_request', message: /^bad has 8193 characters/ })
})

t.test('a token that the provider issued has at most 65536 characters', async (t) => {
  for (const name of ['id_token_hint', 'access_token']) {
    t.equal(readParams({ [name]: 'x'.repeat(65_536) }).find(name)?.length, 65_536)
    t.throws(() => readParams({ [name]: 'x'.repeat(65_537) }).find(name), { message: / has 65537 characters/ })
  }
})

t.test('a request object has at most 65536 characters', async (t) => {
  t.equal(readParams({ request: 'x'.repeat(65_536) }).find('request')?.length, 65_536)
  t.throws(() => readParams({ request: 'x'.repeat(65_537) }).find('request'), {
    error: 'invalid_request',
    message: 'request has 65537 characters, expected at most 65536',
  })
})

t.test('OpenID Connect Core §6.1: parameters of a request object override those outside', async (t) => {
  const params = overlay(
    readParams({ state: 'above', nonce: '' }),
    readParams({ state: ['a', 'b'], nonce: 'n', scope: 'openid' }),
  )
  t.equal(params.find('state'), 'above')
  t.equal(params.require('nonce'), 'n')
  t.equal(params.find('prompt'), undefined)
  t.throws(() => params.require('prompt'), { error: 'invalid_request', message: 'prompt is missing' })
  t.strictSame(params.entries(), [
    ['state', 'above'],
    ['nonce', 'n'],
    ['scope', 'openid'],
  ])
})

t.test('members of all objects are not parameters', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    t.equal(readParams({}).find(name), undefined, name)
  }
})

t.test('a missing query or form has no parameters', async (t) => {
  t.strictSame(readParams(undefined).entries(), [])
  t.strictSame(readParams(null).entries(), [])
})

t.test('RFC 6749 §3.2: a body must be a form', async (t) => {
  const types = [
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=UTF-8',
    'Application/X-WWW-Form-Urlencoded',
    undefined,
  ]
  for (const type of types) t.equal(readForm(type, { code: 'x' }).find('code'), 'x', String(type))
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
    const message = `content type is ${type}, expected application/x-www-form-urlencoded`
    t.throws(() => readForm(type, { code: 'x' }), { error: 'invalid_request', message }, type)
  }
})

t.test('RFC 6749 §3.3: a list is separated by spaces; repeated words count once', async (t) => {
  t.strictSame(words('openid  email openid '), ['openid', 'email'])
  t.strictSame(words(undefined), [])
  t.strictSame(words(' '), [])
})

t.test('a JSON body must be an object with the content type application/json', async (t) => {
  for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
    t.strictSame(readJson(type, { a: 1 }, invalidRequest), { a: 1 })
  }
  const bad: [string | undefined, unknown][] = [
    ['application/x-www-form-urlencoded', { a: '1' }],
    [undefined, { a: 1 }],
    ...[undefined, null, [], 'x', 1].map((body): [string, unknown] => ['application/json', body]),
  ]
  for (const [type, body] of bad) {
    t.throws(() => readJson(type, body, invalidRequest), {
      error: 'invalid_request',
      message: /^the body is invalid, expected a JSON obj/,
    })
  }
})

/** The parameter `claims`. OpenID Connect Core §5.5. */
import t from 'tap'
import { readClaimsRequest } from '../../src/oauth/claims_request.js'
import { readParams } from '../../src/oauth/params.js'

const read = (claims: unknown) =>
  readClaimsRequest(readParams({ claims: typeof claims === 'string' ? claims : JSON.stringify(claims) }))

const READ: [string, unknown, unknown][] = [
  ['§5.5: without the parameter, no claim is requested', '', undefined],
  ['§5.5: an empty object requests no claim', {}, {}],
  ['§5.5: null requests no claim for a place', { userinfo: null, id_token: null }, {}],
  ['§5.5: unknown members are ignored', { verified: { name: null }, userinfo: {} }, { userinfo: {} }],
  ['§5.5.1: null requests a voluntary claim', { userinfo: { name: null } }, { userinfo: { name: null } }],
  [
    '§5.5.1: essential, value and values are read; other members are ignored',
    {
      userinfo: { name: { essential: true, purpose: 'x' }, email: { essential: false } },
      id_token: { sub: { value: 'alice' }, acr: { essential: true, values: ['1', '2'] }, x: { value: null }, y: {} },
    },
    {
      userinfo: { name: { essential: true }, email: { essential: false } },
      id_token: { sub: { value: 'alice' }, acr: { essential: true, values: ['1', '2'] }, x: { value: null }, y: {} },
    },
  ],
  [
    '§5.2: a claim can have a language',
    { userinfo: { 'name#ja-Kana-JP': null } },
    { userinfo: { 'name#ja-Kana-JP': null } },
  ],
]
for (const [title, claims, expected] of READ) {
  t.strictSame(read(claims), expected, `OpenID Connect Core ${title}`)
}

const WRONG: [unknown, RegExp][] = [
  ['{', /^claims is \{, expected a JSON object$/],
  ['name', /^claims is name, expected a JSON object$/],
  ['null', /^claims is null, expected a JSON object$/],
  ['"x"', /^claims is x, expected a JSON object$/],
  [[], /^claims is a list, expected a JSON object$/],
  [{ userinfo: 'name' }, /^claims\.userinfo is name, expected a JSON object$/],
  [{ id_token: ['name'] }, /^claims\.id_token is a list, expected a JSON object$/],
  [{ userinfo: { name: true } }, /^claims\.userinfo\.name is true, expected a JSON object$/],
  [{ userinfo: { name: { essential: 'yes' } } }, /^claims\.userinfo\.name\.essential is yes, expected true or false$/],
  [{ userinfo: { name: { essential: {} } } }, /name\.essential is an object, expected true or false$/],
  [{ id_token: { acr: { values: '1 2' } } }, /^claims\.id_token\.acr\.values is 1 2, expected a list$/],
  [{ id_token: { acr: { values: null } } }, /acr\.values is null, expected a list$/],
]
for (const [claims, message] of WRONG) {
  t.throws(() => read(claims), { error: 'invalid_request', message }, `OpenID Connect Core §5.5: ${message}`)
}

t.test('the number of claims for each place and their nesting are limited', async (t) => {
  const claims = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, null]))
  const most = { userinfo: claims(100), id_token: claims(100) }
  t.strictSame(read(most), most)
  t.throws(() => read({ userinfo: claims(101) }), {
    error: 'invalid_request',
    message: 'claims.userinfo has 101 claims, expected at most 100',
  })
  const nested = (levels: number) => `{"userinfo":{"x":{"value":${'['.repeat(levels)}${']'.repeat(levels)}}}}`
  t.ok(read(nested(97)))
  for (const levels of [98, 4000]) {
    t.throws(() => read(nested(levels)), {
      error: 'invalid_request',
      message: 'claims is nested too deeply, expected at most 100 levels',
    })
  }
  t.throws(() => read('{'), { error: 'invalid_request', message: /expected a JSON object$/ })
})

t.test('members of all objects are not claims, and claims with their names are only claims', async (t) => {
  t.strictSame(read({ userinfo: { name: {} } }), { userinfo: { name: {} } })
  const hostile = read('{"__proto__":{"userinfo":{"a":null}},"id_token":{"__proto__":{"value":1},"constructor":null}}')
  t.equal(hostile?.userinfo, undefined)
  t.strictSame(Object.entries(hostile?.id_token ?? {}), [
    ['__proto__', { value: 1 }],
    ['constructor', null],
  ])
  t.equal(({} as { value?: unknown }).value, undefined, 'other objects are not changed')
  t.strictSame(read('{"userinfo":{"x":{"__proto__":{"essential":true}}}}'), { userinfo: { x: {} } })
})

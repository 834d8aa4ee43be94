/** No problem shows a secret: each place of examples/full.yaml is broken in several ways, with a known text as each secret. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { isCollection, isScalar, type Node, type Pair, parseDocument, visit } from 'yaml'
import { isSecret } from '../../src/config/annotations.js'
import { ConfigError } from '../../src/config/errors.js'
import { loadSnapshot } from '../../src/config/load.js'
import { ROOT } from '../root.js'

const SECRET = 'c4nary'

/** A part of the file: its path and its range. */
interface Place {
  readonly path: readonly string[]
  readonly start: number
  readonly end: number
  readonly isSecret: boolean
  readonly isScalar: boolean
}

/** Returns the places of the values of a document, in its order. */
function placesOf(text: string): Place[] {
  const places: Place[] = []
  visit(parseDocument(text), {
    Node(key, node, ancestors) {
      if (key === 'key' || !(isScalar(node) || isCollection(node))) return
      const path = ancestors.flatMap((ancestor, index) => {
        const next = ancestors[index + 1] ?? node
        if ('key' in ancestor) return [String((ancestor as Pair<Node>).key)]
        return isCollection(ancestor) && 'items' in ancestor && !('key' in next)
          ? [String(ancestor.items.indexOf(next as never))]
          : []
      })
      const [start, end] = node.range!
      places.push({ path, start, end, isSecret: isSecret(path), isScalar: isScalar(node) })
    },
  })
  return places
}

const replace = (text: string, { start, end }: Pick<Place, 'start' | 'end'>, value: string) =>
  text.slice(0, start) + value + text.slice(end)

const FULL = readFileSync(join(ROOT, 'examples/full.yaml'), 'utf8')
/** The example with the known text in every secret that is a text in one line. */
const TEXT = placesOf(FULL)
  .filter((place) => place.isSecret && place.isScalar && !place.path.includes('jwk') && !place.path.includes('pem'))
  .toReversed()
  .reduce((text, place) => replace(text, place, SECRET), FULL)
const PLACES = placesOf(TEXT)
/** Texts that no message may have: the known text, and the private keys, which must be valid. */
const SECRETS = [
  SECRET,
  ...PLACES.filter(({ isSecret, isScalar }) => isSecret && isScalar)
    .map(({ start, end }) => TEXT.slice(start, end))
    .flatMap((text) => text.match(/[\w+/-]{30,}/g) ?? []),
]

/** Returns the problems of a text, and fails if one shows a secret. */
async function problemsIn(text: string): Promise<readonly string[]> {
  try {
    await loadSnapshot({ config_text: { name: 'c', text }, overrides: [], env: {} }, undefined, { create_keys: false })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

const leaksOf = (problems: readonly string[]) =>
  problems.filter((problem) => SECRETS.some((secret) => problem.toLowerCase().includes(secret.toLowerCase())))

/** Whether a place is below a secret, such as a member of a JWK. */
const isPartOfSecret = (path: readonly string[]) => isSecret(path.slice(0, -1))

/** Whether any value is valid at a place, as for claims. */
const isData = (path: readonly string[]) =>
  ['claims', 'id_token', 'userinfo', 'access_token', 'discovery', 'body', 'value'].some((name) =>
    path.slice(0, -1).includes(name),
  )

/** Runs a load for each text and checks that no problem shows a secret, and that some have problems. */
async function checkAll(t: Test, texts: readonly string[]): Promise<void> {
  const leaks: string[] = []
  let refused = 0
  for (const text of texts) {
    const problems = await problemsIn(text)
    refused += problems.length > 0 ? 1 : 0
    leaks.push(...leaksOf(problems))
  }
  t.strictSame([...new Set(leaks)], [])
  t.ok(refused > texts.length / 2, `${refused} of ${texts.length} texts are refused`)
}

/** Ways to write a secret so that the file is invalid, or the value has a wrong type. */
const WAYS: readonly ((secret: string) => string)[] = [
  (secret) => `[${secret}]`,
  (secret) => `[${secret}`,
  (secret) => `{ ${secret} }`,
  (secret) => `{ ${secret}: 1 }`,
  (secret) => `{ ${secret}`,
  (secret) => `*${secret}`,
  (secret) => `&${secret}`,
  (secret) => `!${secret} x`,
  (secret) => `!<${secret}> x`,
  (secret) => `!${secret}!${secret} [x]`,
  (secret) => `|${secret}`,
  (secret) => `>-${secret}`,
  (secret) => `"${secret}`,
  (secret) => `'${secret}`,
  (secret) => `"x"${secret}`,
  (secret) => `"\\${secret}"`,
  (secret) => `"\\u${secret}"`,
  (secret) => `@${secret}`,
  (secret) => `\`${secret}`,
  (secret) => `%${secret}`,
  (secret) => `? ${secret}`,
  (secret) => `- ${secret}`,
  (secret) => `${secret}: x`,
  (secret) => `x ${secret} \${`,
  (secret) => `x\${${secret}}`,
  (secret) => `"${secret} \\n"`,
  (secret) => `"${secret.repeat(1000)}"`,
  (secret) => `"-----BEGIN ${secret}-----"`,
  (secret) => `{ kty: ${secret}, d: ${secret} }`,
  (secret) => `{ kty: EC, crv: ${secret}, alg: ${secret}, d: ${secret} }`,
  (secret) => `{ kty: [${secret}], d: { x: ${secret} } }`,
]

t.test('the example with known secrets is valid', async (t) => {
  t.strictSame(await problemsIn(TEXT), [])
  t.ok(PLACES.filter(({ isSecret }) => isSecret).length > 10)
  t.ok(SECRETS.length > 4)
})

t.test('a secret in its place is not shown, however it is written', async (t) => {
  const places = PLACES.filter(({ path, isSecret }) => isSecret && !isPartOfSecret(path))
  await checkAll(
    t,
    places.flatMap((place) => WAYS.map((way) => replace(TEXT, place, `${way(SECRET)}\n`))),
  )
})

t.test('the content of a file in place of its name is not shown', async (t) => {
  const pem = '"-----BEGIN PRIVATE KEY-----\\nc4nary\\n-----END PRIVATE KEY-----"'
  const jwk = '\'{"kty":"EC","d":"c4nary"}\''
  const spaced = `'\t{ "kty": "EC", "d": "c4nary" }'`
  const list = `'[ "c4nary" ]'`
  // DER in base64: an RSA key, an elliptic key, an Ed25519 key.
  const der = ['MIIEvAIBADANBg', 'MHcCAQEEIK', ' MC4CAQAwBQYDK2Vw'].map((text) => `"${text}c4nary/${'x+'.repeat(30)}"`)
  const long = `c4nary${'x'.repeat(250)}`
  const texts = [pem, jwk, spaced, list, ...der, long].flatMap((content) => [
    `keys: [{ file: ${content} }]`,
    `keys: [{ keep_in: ${content} }]`,
    `encryption_keys: [{ file: ${content} }]`,
    `outbound: { ca: ${content} }`,
    `server: { tls: { cert: ${content}, key: ${content} } }`,
  ])
  for (const text of texts) {
    const problems = await problemsIn(text)
    t.match(problems, [/is the content of a file \(not shown\), expected the name of a file$/], text)
    t.strictSame(leaksOf(problems), [])
  }
})

t.test('the user information of a URL is not shown, with or without a scheme', async (t) => {
  const urls = [
    'https://me:c4nary@a/#b',
    'https://me:c4nary @a/#b',
    'https://c4nary@a@b/#b',
    'me:c4nary@a/#b',
    'me:c4/c4nary@a/#b',
    ':c4nary@a/#b',
  ]
  const texts = urls.flatMap((url) => [
    ...['issuer', 'public_url', 'internal_url'].map((name) => `${name}: "${url}"`),
    `outbound: { allow: ["${url}"] }`,
    ...['allowed_hosts', 'trust_forwarded'].map((name) => `server: { ${name}: ["${url}"] }`),
    `server: { tls: { self_signed: true, names: ["${url}"] } }`,
    ...['redirect_uris', 'post_logout_redirect_uris'].map(
      (name) => `clients: [{ client_id: a, token_endpoint_auth_method: none, ${name}: ["${url}"] }]`,
    ),
    ...['jwks_uri', 'backchannel_logout_uri', 'sector_identifier_uri'].map(
      (name) =>
        `clients: [{ client_id: a, token_endpoint_auth_method: none, redirect_uris: ["http://a"], ${name}: "${url}" }]`,
    ),
  ])
  for (const text of texts) {
    const problems = await problemsIn(text)
    t.match(problems.at(-1), / is "(https:\/\/)?\*\*\*@/, text)
    t.strictSame(leaksOf(problems), [])
  }
})

t.test('the content of a file is not shown as a value that is repeated', async (t) => {
  const problems = await problemsIn(`keys: [{ keep_in: '["c4nary"]' }, { keep_in: '["c4nary"]' }]`)
  t.equal(problems.length, 2)
  t.strictSame(leaksOf(problems), [])
})

t.test('a name of a file is shown, up to 255 characters of its path', async (t) => {
  const names = ['keys/[1]{2}.pem', 'MINE.pem', `${'long/'.repeat(100)}c4nary`]
  for (const name of names) {
    const [problem] = await problemsIn(`keys: [{ file: "${name}" }]`)
    const path = resolve(name)
    const shown = path.length > 255 ? `${path.slice(0, 255)}…` : path
    t.equal(problem?.slice(problem.indexOf('names ')), `names ${shown}, which does not exist`)
  }
})

t.test('a secret behind a broken key is not shown', async (t) => {
  const texts = PLACES.filter(({ isSecret, isScalar }) => isSecret && isScalar).flatMap((place) => {
    const line = TEXT.lastIndexOf('\n', place.start) + 1
    const [, indent = '', key = ''] = /^(\s*)([\w$]+)/.exec(TEXT.slice(line)) ?? []
    const secret = TEXT.slice(place.start, place.end)
    return [
      `${key}:${secret}`,
      `${key} ${secret}`,
      `${key}x: ${secret}`,
      `x: ${secret}`,
      secret,
      `${key}: x\n${indent}${key}: ${secret}`,
    ]
      .flatMap((written) => [written, `{ ${written} }`, `x: { ${written}, y: 1 }`])
      .map((written) => replace(TEXT, { start: line + indent.length, end: place.end }, written))
  })
  await checkAll(t, texts)
})

t.test('a secret in place of a list or an object is not shown', async (t) => {
  const places = PLACES.filter(({ isScalar, isSecret, path }) => !isScalar && !isSecret && !isData(path))
  const holdsSecret = ({ path }: Place) =>
    PLACES.some((place) => place.isSecret && path.every((name, index) => place.path[index] === name))
  const takesText = ({ path }: Place) => ['trust_forwarded', 'delay'].includes(path.at(-1)!)
  await checkAll(
    t,
    places
      .filter((place) => holdsSecret(place) && !takesText(place))
      .map((place) => replace(TEXT, place, `${SECRET}\n`)),
  )
  await checkAll(t, [SECRET, `- ${SECRET}`, `"${SECRET}`, `${SECRET}:x`, `[${SECRET}`])
})

t.test('a text in place of a list or an object is shown if nothing there is a secret', async (t) => {
  t.strictSame(await problemsIn('server: { tls: cert.pem, cors_origins: 5 }\nacr_values: a\n'), [
    'c:1:16 /server/tls is the text "cert.pem", expected an object',
    'c:1:40 /server/cors_origins is the number 5, expected a list',
    'c:2:13 /acr_values is the text "a", expected a list',
  ])
  const key = `"MIIEvAIBADANBg${'x'.repeat(40)}"`
  t.strictSame(await problemsIn(`server: { tls: ${key} }\n`), [
    'c:1:16 /server/tls is a text of 54 characters (not shown), expected an object',
  ])
})

t.test('no beginning of the file shows a secret', async (t) => {
  const ends = PLACES.flatMap(({ start, end, isSecret }) => (isSecret ? [start, start + 3, end - 1, end] : []))
  const leaks: string[] = []
  for (const end of ends) leaks.push(...leaksOf(await problemsIn(TEXT.slice(0, end))))
  t.strictSame(leaks, [])
})

t.test('a mistake at any other place shows no secret', async (t) => {
  const places = PLACES.filter(({ isSecret, isScalar }) => !isSecret && isScalar)
  const mistakes = ['[', '*x', '{ a: 1 }', '"', '!x']
  await checkAll(
    t,
    places.map((place, index) => replace(TEXT, place, mistakes[index % mistakes.length]!)),
  )
})

/** The doctor's rules: what was seen, and what is said of it. */
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Facts } from '../../src/doctor/facts.js'
import type { Fetched } from '../../src/doctor/fetch.js'
import type { Finding } from '../../src/doctor/finding.js'
import { judge } from '../../src/doctor/findings.js'
import { ROUTES } from '../../src/routes.js'

const NOW = 1_800_000_000
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEY = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }

interface Seen {
  readonly asked?: string
  readonly issuer?: unknown
  /** What browsers and back ends are sent to. */
  readonly front?: string
  readonly back?: string
  readonly document?: Record<string, unknown>
  readonly discovery?: Partial<Fetched>
  readonly jwks?: Partial<Fetched>
  readonly keys?: unknown
}

/** A good provider at `asked`, but for what is said here. */
function factsOf({ asked = 'http://op.test:9400', issuer = asked, front = asked, back = asked, ...seen }: Seen): Facts {
  const urls = ROUTES.filter(({ advertised }) => advertised).map(({ name, path, channel }) => [
    name,
    (channel === 'browser' ? front : back) + path,
  ])
  const document = {
    issuer,
    ...Object.fromEntries(urls),
    id_token_signing_alg_values_supported: ['ES256'],
    ...seen.document,
  }
  const discovery = {
    url: `${asked}/.well-known/openid-configuration`,
    redirects: [],
    status: 200,
    date: NOW,
    json: document,
  }
  const jwks = { url: `${back}/jwks`, redirects: [], status: 200, json: { keys: seen.keys ?? [KEY] } }
  return { asked, now: NOW, discovery: { ...discovery, ...seen.discovery }, jwks: { ...jwks, ...seen.jwks } }
}

/** A sentence of each finding that isn't ok, and no note. */
const complaints = (findings: readonly Finding[]) =>
  findings
    .filter(({ level }) => level !== 'ok' && level !== 'note')
    .map(({ level, about, message, advice }) => `${level} ${about}: ${message} → ${advice}`)

t.test('a good provider has nothing but what is right', async (t) => {
  for (const seen of [{}, { asked: 'https://id.example/auth' }, { asked: 'http://localhost:9400/issuers/one' }]) {
    const findings = judge(factsOf(seen))
    t.strictSame(complaints(findings), [])
    t.same(
      findings.filter(({ level }) => level === 'ok').map(({ about }) => about.replace(/,.*/, '')),
      ['discovery', 'issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'keys', 'clock'],
    )
  }
})

t.test('notes name what libraries need, and leave the provider healthy', async (t) => {
  const notes = (asked: string) => judge(factsOf({ asked })).filter(({ level }) => level === 'note')
  const abouts = (asked: string) => notes(asked).map(({ about }) => about)
  t.strictSame(abouts('http://localhost:9400'), ['https', 'authority', 'typ'])
  t.strictSame(abouts('https://localhost:9400/issuers/one'), ['typ'])
  t.match(notes('https://op.test')[0], { advice: /https:\/\/op\.test\/issuers\/msal/ })
  const broken = judge(factsOf({ issuer: 'nowhere' }))
  t.notOk(
    broken.some(({ level }) => level === 'note'),
    'not without an issuer',
  )
})

const LOCAL = 'http://localhost:9400'
const gone = (code: string, message = 'no') =>
  ({ failure: { code, message }, json: undefined, status: undefined }) as object

/** What was seen, and for each finding a pattern. */
const CASES: [string, Seen, RegExp[]][] = [
  [
    'nothing listens',
    { discovery: gone('ECONNREFUSED') },
    [/^fail discovery: .* → nothing listens there.*name of the compose service.*--host 0\.0\.0\.0/],
  ],
  ['the name is unknown', { discovery: gone('ENOTFOUND') }, [/→ this machine cannot resolve the name: .*compose/]],
  [
    'a certificate for other names',
    { discovery: gone('ERR_TLS_CERT_ALTNAME_INVALID') },
    [/--tls-self-signed NAME,NAME \(server\.tls\.names\)/],
  ],
  ['an unknown authority', { discovery: gone('UNABLE_TO_VERIFY_LEAF_SIGNATURE') }, [/--ca FILE.*\/tls\/ca\.pem/]],
  ['an unknown authority in the chain', { discovery: gone('SELF_SIGNED_CERT_IN_CHAIN') }, [/--ca FILE/]],
  ['no TLS', { discovery: gone('EPROTO') }, [/→ the server does not speak TLS: use http:\/\//]],
  [
    'anything else',
    { discovery: gone('constructor', 'odd') },
    [/cannot be read from this machine: odd → check the URL/],
  ],
  [
    'not found',
    { discovery: { status: 404 } },
    [/^fail discovery: .* answered with status 404, .* → check the path.*server\.base_path/],
  ],
  ['a proxy without a provider', { discovery: { status: 502 } }, [/answered with status 502, .* → .*reverse proxy/]],
  ['no JSON', { discovery: { json: undefined } as object }, [/not a JSON object → another program/]],
  [
    'a redirect',
    { discovery: { redirects: ['http://op'] } },
    [/^warn discovery: http:\/\/op redirects to .* → configure the final URL in clients/],
  ],
  [
    'an untrusted certificate',
    { discovery: { untrusted: 'SELF_SIGNED_CERT_IN_CHAIN' } },
    [/^warn discovery: the certificate of http:\/\/op\.test:9400 is not trusted.*--ca FILE/],
  ],
  ['no issuer', { document: { issuer: undefined } }, [/^fail issuer: issuer is undefined, expected a URL/]],
  ['an issuer that is no URL', { issuer: 'op' }, [/^fail issuer: issuer is "op"/]],
  [
    'the other host',
    { issuer: LOCAL, front: LOCAL },
    [
      /^warn issuer: requested as http:\/\/op\.test:9400, but the issuer is http:\/\/localhost:9400: .* → .*internal_url to it \(--internal-url\).*public_url to it.*issuer to it/,
    ],
  ],
  [
    'the other host, for back ends as well',
    { issuer: LOCAL, front: LOCAL, back: LOCAL, jwks: { ...gone('ECONNREFUSED'), url: `${LOCAL}/jwks` } },
    [
      /^warn issuer/,
      /^warn token_endpoint, .*: back ends are sent to http:\/\/localhost:9400, but .* localhost is not the provider → set internal_url \(--internal-url\) to http:\/\/op\.test:9400$/,
      /^fail jwks_uri: .* The requested URL did answer: if back ends run on this machine, set internal_url \(--internal-url\) to http:\/\/op\.test:9400$/,
    ],
  ],
  [
    'browsers sent into the container network',
    { asked: LOCAL, issuer: LOCAL, front: 'http://op:9400' },
    [
      /^warn authorization_endpoint, end_session_endpoint, check_session_iframe: .*browsers outside cannot reach it → set public_url \(--public-url\) to the URL for browsers, such as http:\/\/localhost:9400$/,
    ],
  ],
  [
    'browsers sent there, without a port',
    { asked: LOCAL, front: 'http://op' },
    [/^warn authorization_endpoint, .*such as http:\/\/localhost:9400$/],
  ],
  [
    'another scheme',
    { asked: 'https://id.example', issuer: 'http://id.example', front: 'http://id.example', back: 'http://id.example' },
    [
      /^warn issuer: .* → if a proxy terminates TLS, let it send X-Forwarded-Proto.*trust_forwarded/,
      /^warn authorization_endpoint.*with another scheme/,
      /^warn token_endpoint.*with another scheme.*X-Forwarded-Proto/,
    ],
  ],
  [
    'another port',
    { asked: LOCAL, issuer: 'http://localhost', front: LOCAL, back: LOCAL },
    [/^warn issuer: .* → the ports differ: .*\$http_host.*X-Forwarded-Port/],
  ],
  [
    'a path that the provider does not know',
    { asked: `${LOCAL}/auth`, issuer: LOCAL, front: LOCAL, back: LOCAL },
    [
      /^warn issuer: .*the paths differ: set server\.base_path \(--base-path\) to "\/auth", .*X-Forwarded-Prefix.* or configure http:\/\/localhost:9400 as/,
    ],
  ],
  [
    'a path that was not asked for',
    { asked: LOCAL, issuer: `${LOCAL}/auth`, front: `${LOCAL}/auth`, back: `${LOCAL}/auth` },
    [/^warn issuer: .*the paths differ: configure http:\/\/localhost:9400\/auth as the issuer in clients$/],
  ],
  [
    'endpoints that are none',
    { document: { token_endpoint: 5, userinfo_endpoint: 'x', jwks_uri: LOCAL } },
    [/^fail token_endpoint: is 5/, /^fail userinfo_endpoint: is "x"/, /^warn jwks_uri: .*http:\/\/localhost:9400/],
  ],
  [
    'a JWKS that fails on the same host',
    { jwks: { status: 500 } },
    [/^fail jwks_uri: .* answered with status 500, expected 200 → check which program answers there[^.]*$/],
  ],
  ['no keys', { keys: [] }, [/^fail keys: the JWKS has no keys/]],
  ['keys that are no list', { keys: {} }, [/^fail keys: the JWKS has no keys/]],
  ['a private key', { keys: [privateKey.export({ format: 'jwk' })] }, [/^fail keys: key 1 is not public: it has d/]],
  [
    'a symmetric key',
    { keys: [{ kty: 'oct', k: 'AA', kid: 'x' }] },
    [/^fail keys: key 1 \(x\) is not public: it has k/],
  ],
  ['no key at all', { keys: [null] }, [/^fail keys: key 1 is not a readable public key/]],
  ['two keys of one name', { keys: [KEY, KEY] }, [/^fail keys: key 2 \(one\) has the same kid as another key/]],
  [
    'no key for an algorithm',
    { document: { id_token_signing_alg_values_supported: ['ES256', 'RS256'] } },
    [/^fail keys: the set has no key for RS256/],
  ],
  [
    'algorithms that need no key',
    { document: { id_token_signing_alg_values_supported: ['ES256', 'HS256', 'HS512', 'none'] } },
    [],
  ],
  ['a key for any algorithm', { keys: [{ ...KEY, alg: undefined, kid: undefined }] }, []],
  [
    'a clock that is ahead',
    { discovery: { date: NOW + 61 } },
    [/^fail clock: the provider's clock is 61 seconds ahead of the clock of this machine → .*NTP/],
  ],
  ['a clock that is behind', { discovery: { date: NOW - 61 } }, [/^fail clock: .* 61 seconds behind/]],
  ['a clock that is almost right', { discovery: { date: NOW - 60 } }, []],
  ['an unknown time', { discovery: { date: undefined } as object }, []],
  ['a slash at the end of the issuer', { asked: LOCAL, issuer: `${LOCAL}/` }, []],
  [
    'two URLs as they should be',
    { asked: 'http://op.test:9400', issuer: 'http://op.test:9400', front: 'https://id.example' },
    [],
  ],
  ['back ends elsewhere', { asked: LOCAL, back: 'http://op:9400' }, []],
]

for (const [name, seen, patterns] of CASES) {
  t.test(name, async (t) => {
    const found = complaints(judge(factsOf(seen)))
    t.equal(found.length, patterns.length, found.join('\n'))
    for (const [index, pattern] of patterns.entries()) t.match(found[index], pattern)
  })
}

t.test('discovery without a JWKS', async (t) => {
  const { jwks: _, ...facts } = factsOf({ document: { jwks_uri: undefined } })
  t.match(complaints(judge(facts)), [/^fail jwks_uri: is undefined, expected a URL/])
})

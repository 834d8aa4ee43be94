/** A redirect_uri is equal to a registered one, or matches one with wildcards. */
import t from 'tap'
import { CLIENT_DEFAULTS } from '../../src/clients/members.js'
import { expectRedirectUri } from '../../src/clients/redirect_uris.js'
import type { Client } from '../../src/directory/clients.js'
import { fitsPattern, isRegistered } from '../../src/oauth/redirect_uri.js'

const clientWith = (redirect_uris: Client['redirect_uris'], wildcard_redirect_uris = false): Client => ({
  ...CLIENT_DEFAULTS,
  client_id: 'app',
  redirect_uris,
  left_out: [],
  wildcard_redirect_uris,
  token_endpoint_auth_method: 'none',
})

t.test('an unregistered client can use any redirect_uri', async (t) => {
  t.equal(isRegistered(clientWith('any'), 'https://anything.example/'), true)
  t.equal(fitsPattern(clientWith('any', true), 'https://anything.example/'), false, 'without patterns')
})

t.test('RFC 8252 §7.3: only a native application can use any port of the loopback interface', async (t) => {
  const uris = ['http://127.0.0.1/cb', 'http://[::1]:1/cb?a=b', 'http://localhost', 'https://localhost/cb', 'app:/cb']
  const native: Client = { ...clientWith(uris), application_type: 'native' }
  const good = [
    'http://127.0.0.1:51004/cb',
    'http://[::1]/cb?a=b',
    'http://[::1]:65535/cb?a=b',
    'http://localhost:3000',
  ]
  for (const uri of good) {
    t.equal(isRegistered(native, uri), true, uri)
    t.equal(isRegistered(clientWith(uris), uri), false, `${uri}, of a web application`)
  }
  const bad = [
    'http://127.0.0.1:51004/other',
    'http://127.0.0.2:51004/cb',
    'http://127.0.0.1:1@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost:3000.evil.example',
    'https://localhost:3000/cb',
    'http://[::1]:1/cb',
    'app://:1/cb',
  ]
  for (const uri of bad) t.equal(isRegistered(native, uri), false, uri)
})

t.test('RFC 9700 §2.1: comparison is exact, character for character', async (t) => {
  const client = clientWith(['https://app.example.com/cb', 'https://app.example.com/cb?a=b', 'https://*.example.com/*'])
  t.equal(isRegistered(client, 'https://app.example.com/cb'), true)
  t.equal(isRegistered(client, 'https://app.example.com/cb?a=b'), true)
  t.equal(isRegistered(client, 'https://*.example.com/*'), true, 'a * is a literal character')
  const others = [
    'https://app.example.com/cb/',
    'https://app.example.com/CB',
    'https://APP.example.com/cb',
    'http://app.example.com/cb',
    'https://app.example.com:443/cb',
    'https://app.example.com/cb?',
    'https://app.example.com/cb?a=b&c=d',
    'https://app.example.com/x/../cb',
    'https://app.example.com/%63b',
    'https://user@app.example.com/cb',
    'https://other.example.com/other',
  ]
  for (const uri of others) {
    t.equal(isRegistered(client, uri), false, uri)
    t.equal(fitsPattern(client, uri), false, `${uri}, without wildcards`)
  }
  t.equal(isRegistered({ ...client, wildcard_redirect_uris: true }, 'https://x.example.com/y'), false, 'with wildcards')
})

const HOST = 'https://*.preview.example.com/cb'
const FITS: [string, string][] = [
  [HOST, 'https://pr-12.preview.example.com/cb'],
  [HOST, 'https://a.b.preview.example.com/cb'],
  ['http://localhost:*/cb', 'http://localhost:3000/cb'],
  ['https://*-app-*.example.com/cb', 'https://x-app-y.example.com/cb'],
  ['https://example.com/*/cb', 'https://example.com/tenant/cb'],
  ['https://*a*.example.com/cb', 'https://bab.example.com/cb'],
  ['https://a*', 'https://a'],
  ['https://example.com/cb?t=*', 'https://example.com/cb?t=1&u=2'],
  ['http://localhost:*/cb', 'http://localhost/cb'],
  ['http://localhost:*', 'http://localhost'],
  ['http://[::1]:*/cb', 'http://[::1]:3000/cb'],
  ['https://*.example.test:*/cb', 'https://a.example.test:8443/cb'],
  ['https://*.example.test:*/cb', 'https://a.example.test/cb'],
  ['https://*.example.test/**', 'https://a.example.test/'],
  ['https://*.example.test/**', 'https://a.example.test/deep/er/cb'],
  ['https://*.example.test/**', 'https://a.example.test/x:y/@z'],
  ['https://example.test/**/cb', 'https://example.test/a/b/cb'],
  ['https://example.test/**/cb', 'https://example.test/cb/cb'],
  ['https://example.test/*/x/**/y/*', 'https://example.test/1/x/2/3/y/4'],
  ['https://example.test/*-a-**', 'https://example.test/1-a-b-a-c/d'],
  ['https://example.test/app/**?tenant=*', 'https://example.test/app/cb?tenant=1'],
  ['http://localhost:*/**', 'http://localhost:3000/a/b'],
  ['myapp:/**', 'myapp:/a/b'],
  ['https://**.example.test/cb', 'https://a.b.example.test/cb'],
]
for (const [pattern, uri] of FITS) {
  t.equal(fitsPattern(clientWith([pattern], true), uri), true, `${uri} fits ${pattern}`)
}

const ATTACKS: [string, string][] = [
  [HOST, 'https://evil.com/.preview.example.com/cb'],
  [HOST, 'https://evil.com\\.preview.example.com/cb'],
  [HOST, 'https://evil.com?.preview.example.com/cb'],
  [HOST, 'https://evil.com#.preview.example.com/cb'],
  [HOST, 'https://evil.com@x.preview.example.com/cb'],
  [HOST, 'https://user:pw@x.preview.example.com/cb'],
  [HOST, 'https://evil.com:80.preview.example.com/cb'],
  [HOST, 'https://x.preview.example.com.evil.com/cb'],
  [HOST, 'https://x.preview.example.com@evil.com/cb'],
  [HOST, 'https://x.preview.example.com:8443/cb'],
  [HOST, 'https://x.preview.example.com/cb/../../evil'],
  [HOST, 'https://x.preview.example.com/cb?to=evil'],
  [HOST, 'https://xpreview.example.com/cb'],
  [HOST, 'https://x.previewXexample.com/cb'],
  [HOST, 'http://x.preview.example.com/cb'],
  [HOST, 'xhttps://x.preview.example.com/cb'],
  [HOST, 'https://preview.example.com/cb'],
  ['https://a*a.example.com/cb', 'https://a.example.com/cb'],
  ['https://*-*.example.com/cb', 'https://evil.com/-x.example.com/cb'],
  ['https://*-*.example.com/cb', 'https://x.example.com/cb'],
  ['http://localhost:*/cb', 'http://localhost:80@evil.com/cb'],
  ['http://localhost:*/cb', 'http://localhost:80/x/cb'],
  ['http://localhost*/cb', 'http://localhost:80/cb'],
  ['https://example.com/*/cb', 'https://example.com/a/b/cb'],
  ['https://example.com/(a|b)+/*', 'https://example.com/a/x'],
  ['http://localhost:*/cb', 'http://localhost:80:90/cb'],
  ['http://localhost:*/cb', 'http://localhost.evil.com/cb'],
  ['http://localhost:*', 'http://localhost.evil.com'],
  ['https://**.example.test/cb', 'https://evil.com/.example.test/cb'],
  ['https://**', 'https://evil.com/cb'],
  ['https://*.example.test/**', 'https://evil.com/.example.test/cb'],
  ['https://*.example.test/**', 'https://a.example.test@evil.com/cb'],
  ['https://*.example.test/**', 'https://a.example.test'],
  ['https://*.example.test/**', 'https://a.example.test/cb?to=evil'],
  ['https://*.example.test/**', 'https://a.example.test/a\\b'],
  ['https://example.test/app/**', 'https://example.test/app/../admin'],
  ['https://example.test/app/**', 'https://example.test/app/x/%2e%2E/%2e./admin'],
  ['https://example.test/app/**', 'https://example.test/app/x/..'],
  ['https://example.test/*/cb', 'https://example.test/../cb'],
  ['https://example.test/app/**/cb', 'https://example.test/app/cb'],
  ['https://example.test/app/**/cb', 'https://example.test/app/x/y'],
  ['https://example.test/a*-**-*b', 'https://example.test/a-b'],
]
for (const [pattern, uri] of ATTACKS) {
  t.equal(fitsPattern(clientWith([pattern], true), uri), false, `${uri} does not fit ${pattern}`)
}

t.test('a host with an encoded separator is not a valid URI', async (t) => {
  for (const encoded of ['%2F', '%5C', '%40', '%3F', '%23', '%3A', '%EF%BC%8F']) {
    const uri = `https://evil.com${encoded}.preview.example.com/cb`
    t.match(expectRedirectUri(uri), /an absolute URI/, uri)
  }
})

t.test('a pattern with several wildcards is compared in linear time', async (t) => {
  const client = clientWith(['https://*-*-*-*.example.com/cb'], true)
  // A comparison with backtracking would not end in time.
  t.equal(fitsPattern(client, `https://${'-'.repeat(8000)}.example.org/cb`), false)
  const deep = clientWith([`https://example.com/${'*-'.repeat(100)}**${'-*'.repeat(100)}`], true)
  t.equal(fitsPattern(deep, `https://example.com/${'-'.repeat(8000)}?`), false)
})

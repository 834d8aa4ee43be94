/** Issuer discovery by WebFinger. OpenID Connect Discovery §2, RFC 7033. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, refused, type TestApp } from '../app.js'

const REL = 'http://openid.net/specs/connect/1.0/issuer'
const PATH = '/.well-known/webfinger'

const ask = ({ get }: TestApp, query: string[][] | Record<string, string>, base = '', headers = {}) =>
  get(`${base}${PATH}?${new URLSearchParams(query)}`, { headers: { host: 'op:9400', ...headers } })

t.test('OpenID Connect Discovery §2: every resource leads to the issuer', async (t) => {
  const test = await createApp(t)
  const root = 'http://op:9400'
  const cases: [resource: string, href: string, base?: string][] = [
    ['acct:alice@op', root],
    ['acct:alice%40example.com@op:9400', root],
    ['mailto:alice@example.com', root],
    ['https://op:9400', root],
    ['https://op:9400/alice', root],
    ['https://op:9400/issuers/one', `${root}/issuers/one`],
    ['http://op:9400/issuers/one/', `${root}/issuers/one`],
    ['HTTP://op:9400/auth/issuers/a.b~c/alice?x#y', `${root}/issuers/a.b~c`],
    ['https://op:9400/issuers', root],
    ['https://op:9400/issuers/', root],
    ['https://op:9400/issuers/...', root],
    ['https://op:9400/issuers/a%2Fb', root],
    [`https://op:9400/issuers/${'a'.repeat(65)}`, root],
    ['acct:x/issuers/one@op', root],
    ['https://[/issuers/one', root],
    ['acct:alice@op', `${root}/issuers/two`, '/issuers/two'],
    ['https://op:9400/issuers/one', `${root}/issuers/two`, '/issuers/two'],
  ]
  for (const [resource, href, base] of cases) {
    const answer = await ask(test, { resource, rel: REL }, base)
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), { subject: resource, links: [{ rel: REL, href }] }, `${base ?? ''} ${resource}`)
  }
})

t.test('the issuer is the one of discovery', async (t) => {
  const configs: [ConfigInput, string][] = [
    [{ issuer: 'https://id.example/c/' }, 'https://id.example/c'],
    [{ server: { base_path: '/auth' } }, 'http://op:9400/auth'],
  ]
  for (const [config, base] of configs) {
    const test = await createApp(t, config)
    const hrefOf = async (resource: string) =>
      (await ask(test, { resource, rel: REL })).json<{ links: { href: string }[] }>().links[0]!.href
    const { issuer } = (await test.get('/.well-known/openid-configuration', { headers: { host: 'op:9400' } })).json()
    t.equal(await hrefOf('acct:alice@op'), issuer)
    t.equal(await hrefOf(`${base}/issuers/one`), `${base}/issuers/one`)
  }
})

t.test('RFC 7033 §10.2: the response has its media type, and scripts of any origin can read it (§5)', async (t) => {
  const test = await createApp(t)
  const { headers } = await ask(test, { resource: 'acct:a@op', rel: REL }, '', { origin: 'http://app' })
  t.equal(headers['content-type'], 'application/jrd+json; charset=utf-8')
  t.equal(headers['access-control-allow-origin'], '*')
})

t.test('RFC 7033 §4.3: rel selects links', async (t) => {
  const test = await createApp(t)
  const linksFor = async (...rels: string[]) => {
    const answer = await ask(test, [['resource', 'acct:a@op'], ...rels.map((rel) => ['rel', rel])])
    return answer.json<{ links: unknown[] }>().links.length
  }
  t.equal(await linksFor(), 1)
  t.equal(await linksFor('self'), 0)
  t.equal(await linksFor('self', REL), 1)
  t.equal(await linksFor('self', 'avatar'), 0)
})

t.test('RFC 7033 §4.2: a missing resource, or one that is not a URI, is 400', async (t) => {
  const test = await createApp(t)
  refused(t, await ask(test, { rel: REL }), 'invalid_request', /^resource is missing, expected a URI such as acct:/)
  for (const resource of ['alice', 'alice@example.com', '//op/alice', 'acct:', 'acct:a b', 'acct:é', '1:a']) {
    refused(t, await ask(test, { resource, rel: REL }), 'invalid_request', /^resource is .*, expected a URI/)
  }
  const twice = [
    ['resource', 'acct:a@op'],
    ['resource', 'acct:b@op'],
  ]
  refused(t, await ask(test, twice), 'invalid_request', /^resource has 2 values/)
  const long = await ask(test, { resource: `acct:${'a'.repeat(8192)}` })
  refused(t, long, 'invalid_request', /^resource has 8197 characters/)
})

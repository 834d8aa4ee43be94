/** Clients that authenticate by a TLS certificate, over real sockets. RFC 8705 §2. */
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import type { Client, ConfigInput } from '../../src/generated/input.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { listen } from '../listener.js'
import { type Started, start } from '../provider.js'
import { C, CN, createAuthority, createOwn, dns, email, type Issued, ip, O, OU, uri } from './client_certificates.js'

const authority = createAuthority()
const FULL = authority.issue(
  [
    [[C, 'DE']],
    [[O, 'Example, Inc']],
    [
      [OU, 'Zoo'],
      [CN, 'Client  1'],
    ],
  ],
  [
    dns('client.example'),
    dns('*.wild.example'),
    uri('https://client.example/a,b'),
    uri('urn:client'),
    ip(10, 0, 0, 1),
    ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
    email('it@client.example'),
  ],
)
const BARE = authority.issue([[[CN, 'bare']]])
const OWN = createOwn([[[CN, 'Client  1']]])

interface Answer {
  readonly status: number
  readonly error?: string
  readonly error_description?: string
}

/** Calls the token endpoint with a code that nobody has issued: whoever gets as far as `invalid_grant` is authenticated. */
function call(
  { url, provider }: Started,
  client_id: string,
  identity?: Pick<Issued, 'cert' | 'key'>,
  more: Record<string, string> = {},
  ca = provider.ca,
): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'http://localhost/cb', client_id, ...more }
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      agent: false,
      ...(ca !== undefined && { ca }),
      ...(identity && { cert: identity.cert, key: identity.key }),
    }
    request(`${url}/oauth2/token`, options)
      .on('error', reject)
      .on('response', (response) => {
        json(response).then((body) => resolve({ status: response.statusCode!, ...(body as object) }), reject)
      })
      .end(new URLSearchParams(form).toString())
  })
}

const client = (client_id: string, more: Partial<Client> = {}): Client => ({
  client_id,
  redirect_uris: ['http://localhost/cb'],
  token_endpoint_auth_method: 'tls_client_auth',
  ...more,
})

async function startWith(t: Test, clients: Client[], tls: object = {}, more: ConfigInput = {}): Promise<Started> {
  const client_ca = join(t.testdir({}), 'clients.pem')
  await writeFile(client_ca, `Authorities of clients\n${createAuthority('Another').cert}${authority.cert}`)
  return start(t, {
    clients,
    server: { tls: { self_signed: true, client_certificates: true, client_ca, ...tls } },
    ...more,
  })
}

const accepted = (t: Test, answer: Answer, title: string) =>
  t.match(answer, { status: 400, error: 'invalid_grant' }, title)
const refused = (t: Test, answer: Answer, error_description: RegExp, title = 'refused') =>
  t.match(answer, { status: 401, error: 'invalid_client', error_description }, title)

const DNS = [
  'OU=Zoo+CN=Client 1,O=Example\\, Inc,C=DE',
  'cn=client 1 + ou=ZOO, o=EXAMPLE\\2c  INC, c=de',
  '2.5.4.3=Client 1+OU=Zoo,2.5.4.10=Example\\, Inc,2.5.4.6=DE',
]
const OTHER_DNS = [
  'C=DE,O=Example\\, Inc,OU=Zoo+CN=Client 1',
  'OU=Zoo,CN=Client 1,O=Example\\, Inc,C=DE',
  'O=Example\\, Inc,C=DE',
  'CN=Client 1',
]

test('RFC 8705 §2.1: a certificate of a trusted authority with the registered name is accepted', async (t) => {
  const names: Partial<Client>[] = [
    ...DNS.map((tls_client_auth_subject_dn) => ({ tls_client_auth_subject_dn })),
    { tls_client_auth_san_dns: 'client.example' },
    { tls_client_auth_san_dns: 'CLIENT.example' },
    { tls_client_auth_san_uri: 'https://client.example/a,b' },
    { tls_client_auth_san_uri: 'urn:client' },
    { tls_client_auth_san_ip: '10.0.0.1' },
    { tls_client_auth_san_ip: '2001:DB8:0:0:0:0:0:7' },
    { tls_client_auth_san_email: 'it@client.example' },
    { tls_client_auth_san_email: 'it@CLIENT.example' },
  ]
  const started = await startWith(
    t,
    names.map((name, index) => client(`good${index}`, name)),
  )
  for (const [index, name] of names.entries()) {
    accepted(t, await call(started, `good${index}`, FULL), JSON.stringify(name))
    refused(
      t,
      await call(started, `good${index}`, BARE),
      /^the client's certificate has the names CN=bare; no subjectAlt/,
    )
  }
})

test('RFC 8705 §2.1: a certificate with another name is refused', async (t) => {
  const names: Partial<Client>[] = [
    ...OTHER_DNS.map((tls_client_auth_subject_dn) => ({ tls_client_auth_subject_dn })),
    { tls_client_auth_san_dns: 'other.example' },
    { tls_client_auth_san_dns: 'a.wild.example' },
    // OpenSSL would take the first for every host below it, and the second for no name at all.
    { tls_client_auth_san_dns: '.example' },
    { tls_client_auth_san_dns: 'client.example\0' },
    { tls_client_auth_san_email: 'it@client.example\0' },
    { tls_client_auth_san_email: 'IT@client.example' },
    { tls_client_auth_san_uri: 'https://client.example/a' },
    { tls_client_auth_san_uri: 'client.example' },
    { tls_client_auth_san_ip: '10.0.0.2' },
    { tls_client_auth_san_email: 'other@client.example' },
  ]
  const started = await startWith(
    t,
    names.map((name, index) => client(`bad${index}`, name)),
  )
  for (const [index, name] of names.entries()) {
    const message = new RegExp(`names .*Client {1,2}1.* expected ${Object.keys(name)[0]} `)
    refused(t, await call(started, `bad${index}`, FULL), message, JSON.stringify(name))
  }
})

test('RFC 5280 §4.1.2.6: a certificate without a subject matches only by its alternative names', async (t) => {
  const started = await startWith(t, [
    client('dns', { tls_client_auth_san_dns: 'client.example' }),
    client('subject', { tls_client_auth_subject_dn: 'CN=Client 1' }),
  ])
  const nameless = authority.issue([], [dns('client.example')])
  accepted(t, await call(started, 'dns', nameless), 'dns')
  const message = /^the client's certificate has the names no subject; DNS:client.example, expected /
  refused(t, await call(started, 'subject', nameless), message)
})

test('RFC 8705 §2.1: the name of a trusted authority is not enough', async (t) => {
  const started = await startWith(t, [client('one', { tls_client_auth_subject_dn: 'CN=Client 1' })])
  const impostor = createAuthority('Clients').issue([[[CN, 'Client 1']]])
  // If the records of the handshake arrive one by one, OpenSSL reports the wrong signature as an error of the connection.
  const { error } = await call(started, 'one', impostor).catch((reason: Error) => ({ error: reason.message }))
  t.match(error, /^(invalid_client|invalid_request|.*ECONNRESET|.*socket hang up)$/)
})

test('RFC 8705 §2.1: a certificate of an unknown authority is refused', async (t) => {
  const one = client('one', { tls_client_auth_subject_dn: 'CN=Client 1' })
  const started = await startWith(t, [one, client('public', { token_endpoint_auth_method: 'none' })])
  const foreign = createAuthority('Foreign').issue([[[CN, 'Client 1']]])
  for (const identity of [foreign, OWN]) {
    refused(t, await call(started, 'one', identity), /^the client's certificate is not issued by a trusted authority/)
  }
  refused(
    t,
    await call(started, 'one'),
    /^client one used none, expected its token_endpoint_auth_method tls_client_auth/,
  )
  const more = { client_secret: 'x' }
  refused(t, await call(started, 'one', FULL, more), /^client one used client_secret_post, expected/)
  accepted(t, await call(started, 'public', FULL), 'a certificate is no obstacle to another method')
  accepted(t, await call(started, 'unregistered', FULL), 'nor to a client without registration')
})

test('RFC 8705 §2.1: without client_ca, the well-known authorities are trusted', async (t) => {
  const one = client('one', { tls_client_auth_subject_dn: 'CN=bare' })
  const started = await start(t, { clients: [one], server: { tls: { self_signed: true, client_certificates: true } } })
  refused(t, await call(started, 'one', BARE), /^the client's certificate is not issued by a trusted authority/)
})

test('RFC 8705 §2.2: a self-signed certificate with a registered key is accepted', async (t) => {
  const method = 'self_signed_tls_client_auth'
  const jwks = { keys: [createOwn([]).publicKey, OWN.publicKey].map((key) => ({ ...key.export({ format: 'jwk' }) })) }
  const started = await startWith(t, [client('own', { token_endpoint_auth_method: method, jwks })])
  accepted(t, await call(started, 'own', OWN), 'its own')
  refused(
    t,
    await call(started, 'own', createOwn([[[CN, 'Client  1']]])),
    /has an unknown key, expected one of client own$/,
  )
  refused(t, await call(started, 'own', FULL), /has an unknown key, expected one of client own$/)
  refused(
    t,
    await call(started, 'own'),
    /^client own used none, expected .* self_signed_tls_client_auth; the request has no certificate, which server.tls/,
  )
})

test('RFC 8705 §2.2.2: the keys may be at jwks_uri', async (t) => {
  const type = { 'content-type': 'application/json' }
  const jwk = OWN.publicKey.export({ format: 'jwk' })
  const listener = await listen(t, (count) =>
    count === 1 ? { status: 500 } : { headers: type, body: JSON.stringify({ keys: [jwk] }) },
  )
  const one = client('own', { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks_uri: listener.url })
  const started = await startWith(t, [one])
  refused(
    t,
    await call(started, 'own', OWN),
    /^the client's certificate needs the client's keys, but jwks_uri .* cannot be used; the log/,
  )
  t.match((await started.line(/ answered 500, expected 200$/)).event, 'document_unusable')
  accepted(t, await call(started, 'own', OWN), 'its own')
})

test('the server requests client certificates only if configured', async (t) => {
  const one = client('one', { tls_client_auth_subject_dn: 'CN=bare' })
  const started = await start(t, { clients: [one], server: { tls: { self_signed: true } } })
  refused(t, await call(started, 'one', BARE), /^client one used none/)
})

test('the authorities for clients stay after the server certificate is replaced', async (t) => {
  const [first, second] = await Promise.all([0, 1].map(() => createSelfSigned(['localhost'], Date.now() / 1000)))
  const folder = t.testdir({
    'clients.pem': authority.cert,
    'tls.crt': first!.cert,
    'tls.key': first!.key,
    'config.yaml':
      'server: { port: 0, tls: { cert: tls.crt, key: tls.key, client_certificates: true, client_ca: clients.pem } }',
  })
  const one = client('one', { tls_client_auth_subject_dn: 'CN=bare' })
  const started = await start(t, { clients: [one] }, { config: join(folder, 'config.yaml') })
  accepted(t, await call(started, 'one', BARE, {}, first!.ca), 'before')
  await writeFile(join(folder, 'tls.key'), second!.key)
  await writeFile(join(folder, 'tls.crt'), second!.cert)
  await started.line(/^certificate exchanged/)
  accepted(t, await call(started, 'one', BARE, {}, second!.ca), 'after')
})

test('a client without token_endpoint_auth_method can use a certificate that it has a name or a key for', async (t) => {
  const jwk = { ...(OWN.publicKey.export({ format: 'jwk' }) as Record<string, unknown>), use: 'sig' }
  const redirect_uris = ['http://localhost/cb']
  const started = await startWith(t, [
    { client_id: 'named', redirect_uris, tls_client_auth_san_dns: 'client.example' },
    { client_id: 'keyed', redirect_uris, jwks: { keys: [jwk] } },
    { client_id: 'bare', redirect_uris },
  ])
  accepted(t, await call(started, 'named', FULL), 'a name')
  refused(
    t,
    await call(started, 'named', BARE),
    /has the names CN=bare; no subjectAltName, expected tls_client_auth_san_dns/,
  )
  refused(t, await call(started, 'named'), /^client named used none, expected tls_client_auth$/)
  accepted(t, await call(started, 'keyed', OWN), 'a key')
  refused(t, await call(started, 'keyed', FULL), /certificate/)
  accepted(t, await call(started, 'bare', FULL), 'a public client has no use for a certificate')
})

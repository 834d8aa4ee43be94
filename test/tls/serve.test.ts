/** https over real sockets: who trusts it, which names it has, and the exchange of its files while it serves. */
import { X509Certificate } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Test, test } from 'tap'
import { createSelfSigned, type SelfSigned } from '../../src/tls/self_signed.js'
import { createFetch } from '../fetch.js'
import { type Started, start } from '../provider.js'

const make = (...names: string[]) => createSelfSigned(names, Math.floor(Date.now() / 1000))

/** The serial number of the certificate that a new connection is shown. */
function serialAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!.serialNumber)
      socket.end()
    })
    socket.on('error', reject)
  })
}

const serialOf = ({ cert }: { cert: string }) => new X509Certificate(cert).serialNumber
const discoveryOf = async (url: string, ca?: string) =>
  (await (await createFetch(ca)(`${url}/.well-known/openid-configuration`)).json()) as Record<string, string>
const healthOf = async (url: string, ca: string) =>
  (await (await createFetch(ca)(`${url}/healthz`)).json()) as {
    config: { status: string; problems: { message: string; path: string }[] }
  }

/** A provider whose certificate is in files. */
async function startWithFiles(t: Test, pair: SelfSigned): Promise<Started & { folder: string; config: string }> {
  const config = 'server: { port: 0, tls: { cert: tls.crt, key: tls.key } }\n'
  const folder = t.testdir({ 'config.yaml': config, 'tls.crt': pair.cert, 'tls.key': pair.key })
  return { folder, config, ...(await start(t, {}, { config: join(folder, 'config.yaml') })) }
}

test('a generated certificate is trusted only with its CA', async (t) => {
  const folder = t.testdir({})
  const ca_file = join(folder, 'ca.pem')
  const { provider, url } = await start(t, { server: { tls: { self_signed: true, ca_file } } })
  t.match(url, /^https:\/\/localhost:/)
  t.equal(provider.issuer, url)
  t.equal(await readFile(ca_file, 'utf8'), provider.ca)
  t.match(await discoveryOf(url, provider.ca), { issuer: url, token_endpoint: `${url}/oauth2/token` })
  await t.rejects(discoveryOf(url), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  await t.rejects(discoveryOf(url, (await make('localhost')).ca), { message: /certificate/ })
  const served = await createFetch(provider.ca)(`${url}/tls/ca.pem`)
  t.equal(served.headers.get('content-type'), 'application/x-pem-file')
  t.equal(await served.text(), provider.ca)
})

test('the certificate has the configured names', async (t) => {
  const { provider, url } = await start(t, { server: { tls: { self_signed: true, names: ['op', '127.0.0.1'] } } })
  await t.rejects(discoveryOf(url, provider.ca), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  const direct = url.replace('localhost', '127.0.0.1')
  t.match(await discoveryOf(direct, provider.ca), { issuer: direct })
})

test('http_port serves the same over plain http with its own issuer', async (t) => {
  const { provider, url } = await start(t, { server: { http_port: 0, tls: { self_signed: true } } })
  const { http_url = '', ca = '' } = provider
  t.match(http_url, /^http:\/\/localhost:[1-9]/)
  t.match(await discoveryOf(http_url), { issuer: http_url })
  t.match(await discoveryOf(url, ca), { issuer: url })
  t.equal(await (await createFetch()(`${http_url}/tls/ca.pem`)).text(), ca)
  await provider.close()
  await t.rejects(createFetch()(http_url), { code: 'ECONNREFUSED' })
  await t.rejects(createFetch()(url), { code: 'ECONNREFUSED' })
})

test('the self-login works over https', async (t) => {
  const { provider, url } = await start(t, { server: { tls: { self_signed: true } } })
  const fetch = createFetch(provider.ca)
  const started = await fetch(`${url}/oidc/login`, { method: 'POST' })
  const cookie = started.headers.get('set-cookie')!.split(';')[0]!
  const there = new URL(started.headers.get('location')!, url).href
  const back = await fetch(there, { method: 'POST', body: new URLSearchParams({ sub: 'alice' }), headers: { cookie } })
  t.match(back.headers.get('location'), `${url}/oidc/authorized?`)
  const done = await fetch(back.headers.get('location')!, { headers: { cookie } })
  t.equal(done.headers.get('location'), '/oidc/success')
})

test('without TLS, /tls/ca.pem does not exist', async (t) => {
  const { provider, url } = await start(t)
  t.equal((await fetch(`${url}/tls/ca.pem`)).status, 404)
  t.strictSame([provider.ca, provider.http_url], [undefined, undefined])
})

test('changed certificate files are used for new connections without a restart', async (t) => {
  const [one, two] = await Promise.all([make('localhost'), make('localhost')])
  const { folder, url, line } = await startWithFiles(t, one)
  t.equal(await serialAt(url), serialOf(one))
  // The key goes first: between the two the pair does not fit.
  await writeFile(join(folder, 'tls.key.new'), two.key)
  await writeFile(join(folder, 'tls.crt.new'), two.cert)
  await rename(join(folder, 'tls.key.new'), join(folder, 'tls.key'))
  await rename(join(folder, 'tls.crt.new'), join(folder, 'tls.crt'))
  await line(/^certificate exchanged/)
  t.equal(await serialAt(url), serialOf(two))
  t.match(await discoveryOf(url, two.ca), { issuer: url })
})

test('an invalid new pair is reported, and the old one stays', async (t) => {
  const [one, two] = await Promise.all([make('localhost'), make('localhost')])
  const { folder, provider, url, line } = await startWithFiles(t, one)
  await writeFile(join(folder, 'tls.key'), two.key)
  await line(/^configuration not reloaded.*\n.*is not the key of the certificate/)
  t.equal(await serialAt(url), serialOf(one))
  t.match(await healthOf(url, one.ca), {
    status: 'ok',
    config: { status: 'stale', problems: [{ path: '/server/tls/key', message: /tls\.key, which is not the key of/ }] },
  })
  await writeFile(join(folder, 'tls.crt'), two.cert)
  await line(/^certificate exchanged/)
  t.equal(await serialAt(url), serialOf(two))
  t.match(await healthOf(url, two.ca), { config: { status: 'current', problems: [] } })
  t.ok(await provider.reload())
})

test('after a reload with other files, those files are watched', async (t) => {
  const [one, two, three] = await Promise.all([make('localhost'), make('localhost'), make('localhost')])
  const { folder, config, provider, url, line } = await startWithFiles(t, one)
  await writeFile(join(folder, 'new.crt'), two.cert)
  await writeFile(join(folder, 'new.key'), two.key)
  await writeFile(join(folder, 'config.yaml'), config.replaceAll('tls.', 'new.'))
  t.ok(await provider.reload())
  t.equal(await serialAt(url), serialOf(two))
  await writeFile(join(folder, 'new.crt'), three.cert)
  await writeFile(join(folder, 'new.key'), three.key)
  await line(/^certificate exchanged/, 2)
  t.equal(await serialAt(url), serialOf(three))
})

test('TLS cannot be enabled by a reload', async (t) => {
  const one = await make('localhost')
  const { folder, provider, url, lines } = await startWithFiles(t, one)
  for (const tls of ['', ', tls: { self_signed: true }', ', tls: { cert: tls.crt, key: tls.key }']) {
    await writeFile(join(folder, 'config.yaml'), `server: { port: 0${tls} }\n`)
    t.ok(await provider.reload())
    t.equal(await serialAt(url), serialOf(one))
  }
  t.match(String(lines().findLast(({ msg }) => /reloaded/.test(String(msg)))!.msg), 'at the next start: server.tls')
})

test('a reload changes neither plain http nor a generated certificate', async (t) => {
  const pair = await make('localhost')
  const files = 'server: { port: 0, tls: { cert: tls.crt, key: tls.key } }\n'
  const folder = t.testdir({ 'config.yaml': '{}', 'tls.crt': pair.cert, 'tls.key': pair.key })
  const config = join(folder, 'config.yaml')
  for (const server of [{}, { tls: { self_signed: true } }]) {
    await writeFile(config, JSON.stringify({ server }))
    const { provider, url, lines } = await start(t, {}, { config })
    const serial = provider.ca === undefined ? '' : await serialAt(url)
    await writeFile(config, files)
    t.ok(await provider.reload())
    t.match(await discoveryOf(url, provider.ca), { issuer: url })
    if (provider.ca !== undefined) t.equal(await serialAt(url), serial)
    t.notOk(lines().some(({ msg }) => msg === 'certificate exchanged'))
    await provider.close()
  }
})

test('a ca_file that cannot be written ends the start with a message', async (t) => {
  const folder = t.testdir({ folder: {} })
  const attempt = (ca_file: string) => start(t, { server: { tls: { self_signed: true, ca_file } } })
  await t.rejects(attempt(join(folder, 'a/ca.pem')), {
    name: 'ConfigError',
    message: `${folder}/a/ca.pem cannot be written as server.tls.ca_file: its folder does not exist`,
  })
  await t.rejects(attempt(join(folder, 'folder')), { message: /ca_file: it is a folder/ })
})

test('an http_port in use ends the start with a message that names its flag', async (t) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as { port: number }
  const attempt = start(t, { server: { http_port: port, tls: { self_signed: true } } })
  await t.rejects(attempt, { name: 'ListenError', message: /--http-port/ })
})

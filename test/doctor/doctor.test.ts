/** The doctor at real servers: good ones, and every kind of bad one. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { askedUrl, diagnose, formatDiagnosis } from '../../src/doctor/doctor.js'
import { fetchJson } from '../../src/doctor/fetch.js'
import type { Config } from '../../src/generated/types.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { run as runCommand } from '../cli/program.js'
import { start } from '../provider.js'

const PLAIN = { insecure: false }

async function listen(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a provider as it starts is healthy, at its issuer and at any isolated one', async (t) => {
  const { url } = await start(t)
  for (const asked of [url, `${url}/`, `${url}/.well-known/openid-configuration`, `${url}/issuers/one`, `${url}?x#y`]) {
    const { healthy, findings } = await diagnose(asked, PLAIN)
    t.ok(healthy, JSON.stringify(findings))
  }
})

test('a provider whose issuer is another one', async (t) => {
  const { url } = await start(t, { issuer: 'http://127.0.0.1:9/x' })
  const { healthy, findings } = await diagnose(url, PLAIN)
  t.notOk(healthy)
  t.same(
    findings.filter(({ level }) => level !== 'ok' && level !== 'note').map(({ level, about }) => `${level} ${about}`),
    ['warn issuer', 'fail jwks_uri'],
  )
  t.match(findings.find(({ level }) => level === 'fail')!, {
    advice: /set internal_url \(--internal-url\) to http:\/\/localhost/,
  })
})

test('internal_url makes it right for back ends', async (t) => {
  const file = join(t.testdir({ 'config.yaml': '{}' }), 'config.yaml')
  const { provider, url } = await start(t, { public_url: 'https://id.example' }, { config: file })
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file, `internal_url: ${url}\n`)
  t.ok(await provider.reload())
  const { findings } = await diagnose(url, PLAIN)
  t.same(
    findings.filter(({ level }) => level !== 'ok' && level !== 'note').map(({ about }) => about),
    ['issuer'],
  )
})

test('an untrusted certificate is refused, trusted by --ca, or accepted by --insecure', async (t) => {
  const { provider, url } = await start(t, { server: { tls: { self_signed: true } } })
  t.match((await diagnose(url, PLAIN)).findings, [{ level: 'fail', advice: /--ca FILE/ }])
  t.match((await diagnose(url, { insecure: false, ca: provider.ca! })).healthy, true)
  const { findings } = await diagnose(url, { insecure: true })
  t.match(findings[0], { level: 'warn', message: /is not trusted on this machine \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/ })
  t.match(findings[1], { level: 'ok' })
  const { ca } = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  t.match((await diagnose(url, { insecure: false, ca })).findings, [{ level: 'fail' }])
})

test('http to an https port and https to an http port fail with advice', async (t) => {
  const { url } = await start(t, { server: { tls: { self_signed: true } } })
  t.match((await diagnose(url.replace('https', 'http'), PLAIN)).findings, [
    { level: 'fail', advice: /if it serves https, use https/ },
  ])
  const { url: plain } = await start(t)
  t.match((await diagnose(plain.replace('http', 'https'), PLAIN)).findings, [
    { level: 'fail', message: /the TLS handshake failed/, advice: /does not speak TLS/ },
  ])
})

test('responses of other programs fail', async (t) => {
  const url = await listen(t, ({ url }, reply) => {
    if (url!.startsWith('/list')) reply.end('[]')
    else if (url!.startsWith('/html')) reply.end('<!doctype html>')
    else if (url!.startsWith('/large')) reply.end('x'.repeat(2 * 1024 * 1024))
    else if (url!.startsWith('/undated')) reply.writeHead(200, { date: 'now' }).end('{}')
    else if (url!.startsWith('/cut')) reply.writeHead(200, { 'content-length': '10' }).write('{', () => reply.destroy())
    else reply.writeHead(404).end()
  })
  const messageOf = async (path: string) => (await diagnose(url + path, PLAIN)).findings[0]!.message
  t.match(await messageOf('/list'), 'not a JSON object')
  t.match(await messageOf('/html'), 'not a JSON object')
  t.match(await messageOf('/large'), 'larger than 1 MiB')
  t.match(await messageOf('/cut'), 'cannot be read from this machine: aborted')
  t.match(await messageOf('/none'), 'answered with status 404')
  t.match(
    (await diagnose(`${url}/undated`, PLAIN)).findings.find(({ about }) => about === 'clock'),
    { level: 'ok' },
  )
})

test('redirects are followed only on the same host', async (t) => {
  const { url: provider } = await start(t)
  const url = await listen(t, ({ url = '' }, reply) => {
    const location = url.startsWith('/away')
      ? `${provider}/.well-known/openid-configuration`
      : url.startsWith('/round')
        ? url
        : url.startsWith('/bad')
          ? 'http://['
          : '/there'
    if (url === '/there') reply.end('{}')
    else reply.writeHead(302, { location }).end()
  })
  const { findings } = await diagnose(`${url}/same`, PLAIN)
  t.match(findings[0], {
    level: 'warn',
    message: `${url}/same/.well-known/openid-configuration redirects to ${url}/there`,
  })
  t.match((await diagnose(`${url}/away`, PLAIN)).findings, [
    { level: 'fail', message: `it redirects to ${provider}/`, advice: /clients do not follow redirects/ },
  ])
  t.match((await diagnose(`${url}/round`, PLAIN)).findings, [{ level: 'fail', message: /redirects more than 3 times/ }])
  t.match((await diagnose(`${url}/bad`, PLAIN)).findings, [{ level: 'fail', message: /answered with status 302/ }])
})

test('a fetch ends at its time limit', async (t) => {
  const silent = await listen(t, () => undefined)
  t.match(await fetchJson(silent, { insecure: false, time_limit: 50 }), { failure: { code: 'TIMEOUT' } })
  const slow = await listen(t, (_request, reply) => void reply.writeHead(200).write('{'))
  t.match(await fetchJson(slow, { insecure: false, time_limit: 200 }), { failure: { code: 'TIMEOUT' } })
})

test('a jwks_uri that is not an http URL is not fetched', async (t) => {
  const url = await listen(t, (_request, reply) =>
    reply.end(JSON.stringify({ issuer: 'http://a', jwks_uri: 'file:///etc/passwd' })),
  )
  const { findings } = await diagnose(url, PLAIN)
  t.match(
    findings.findLast(({ about, level }) => about === 'jwks_uri' && level === 'fail'),
    { message: /it is not an http or https URL/ },
  )
})

test('the default URL follows the server settings', (t) => {
  const at = (server: object) => askedUrl({ host: '127.0.0.1', port: 9400, ...server } as Config['server'])
  t.equal(at({}), 'http://localhost:9400')
  t.equal(at({ host: '0.0.0.0', base_path: '/auth/' }), 'http://localhost:9400/auth')
  t.equal(at({ host: 'op.example', tls: { self_signed: true } }), 'https://op.example:9400')
  t.equal(at({ host: 'fd00::1' }), 'http://[fd00::1]:9400')
  t.end()
})

test('the text has a line per finding, followed by its advice', (t) => {
  const findings = [
    { level: 'ok', about: 'a', message: 'right' },
    { level: 'fail', about: 'b', message: 'wrong', advice: 'set it' },
  ] as const
  t.equal(
    formatDiagnosis({ asked: 'http://a', healthy: false, findings }),
    'http://a as seen from this machine:\nok    a: right\nfail  b: wrong\n      → set it\n',
  )
  t.end()
})

const run = (...args: string[]) => runCommand(['doctor', ...args])

test('the command: 0 for a healthy provider, 1 for findings, 2 for misuse', async (t) => {
  const { url } = await start(t)
  t.match(await run(url), {
    code: 0,
    stdout: /^http:\/\/localhost:\d+ as seen from this machine:\nok {4}discovery: /,
    stderr: '',
  })
  const { port } = new URL(url)
  const json = await run('--port', port, '--format', 'json')
  t.equal(json.code, 0)
  t.match(JSON.parse(json.stdout), { asked: url, healthy: true, findings: [{ level: 'ok', about: 'discovery' }] })
  t.match(await run('--port', port, '--base-path', '/nowhere'), {
    code: 1,
    stdout: /fail {2}discovery: .*answered with status 404/,
  })
  const refused = (shown: string) => ({
    code: 2,
    stderr: `URL is "${shown}", expected an http or https URL without user information\n`,
  })
  t.match(await run('ftp://op'), refused('ftp://op'))
  t.match(await run('http://me:hush@op'), refused('http://***@op'))
  t.match(await run('http://:hush@op/@x'), refused('http://***@x'))
  t.match(await run('me:hush@op'), refused('***@op'))
  t.match(await run('--format', 'xml'), { code: 2 })
  t.match(await run('--port', 'x'), { code: 2, stderr: /--port/ })
})

test('the command trusts the certificates of a file', async (t) => {
  const { provider, url } = await start(t, { server: { tls: { self_signed: true } } })
  const folder = t.testdir({ 'ca.pem': provider.ca!, 'empty.pem': '' })
  t.match(await run(url, '--ca', join(folder, 'ca.pem')), { code: 0 })
  t.match(await run(url), { code: 1 })
  t.match(await run(url, '--insecure'), { code: 1, stdout: /warn {2}discovery/ })
  t.match(await run(url, '--ca', join(folder, 'none.pem')), {
    code: 2,
    stderr: /^--ca names .*none\.pem, which does not exist\n$/,
  })
  t.match(await run(url, '--ca', join(folder, 'empty.pem')), { code: 2, stderr: /has no certificate in PEM/ })
})

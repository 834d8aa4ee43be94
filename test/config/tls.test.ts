/** The authorities of client certificates. */
import { join } from 'node:path'
import t from 'tap'
import { loadSnapshot } from '../../src/config/load.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { load, problemsIn, problemsOf } from './loading.js'

t.test('client_ca is a PEM file with certificates, relative to the configuration', async (t) => {
  const { ca, key } = await createSelfSigned(['localhost'], Date.now() / 1000)
  const attempt = async (client_ca: string) => {
    const text = `server: { tls: { self_signed: true, client_certificates: true, client_ca: ${client_ca} } }\n`
    const folder = t.testdir({ 'config.yaml': text, 'ca.pem': ca, 'key.pem': key, 'broken.pem': ca.slice(0, 200) })
    const loading = loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {} })
    const problems = (await problemsIn(loading)).map((problem) => problem.replaceAll(`${folder}/`, ''))
    return { problems, clients: await loading.then(({ tls }) => tls?.client_certificates).catch(() => undefined) }
  }
  const AT = 'config.yaml:1:75 /server/tls/client_ca names'
  t.strictSame(await attempt('ca.pem'), { problems: [], clients: { ca } })
  t.strictSame((await attempt('missing.pem')).problems, [`${AT} missing.pem, which does not exist`])
  t.strictSame((await attempt('key.pem')).problems, [
    `${AT} key.pem, which has no certificate, expected a PEM file with -----BEGIN CERTIFICATE-----`,
  ])
  t.strictSame((await attempt('broken.pem')).problems, [
    `${AT} broken.pem, which has an invalid certificate in its PEM`,
  ])
})

t.test(
  'without client_ca the well-known authorities count, and without client_certificates nobody is asked',
  async (t) => {
    const tls = async (members: string) => (await load(t, `server: { tls: { self_signed: true${members} } }\n`)).tls
    t.strictSame(await tls(', client_certificates: true'), {
      names: ['localhost', '127.0.0.1', '::1'],
      client_certificates: {},
    })
    t.strictSame((await tls(''))?.client_certificates, undefined)
  },
)

t.test('client_certificates needs TLS, and client_ca needs client_certificates', async (t) => {
  t.strictSame(await problemsOf(t, 'server: { tls: { client_certificates: true } }\n'), [
    'config.yaml:1:39 /server/tls/client_certificates is true, but TLS is off; set cert and key, or self_signed',
  ])
  const { ca } = await createSelfSigned(['localhost'], Date.now() / 1000)
  const folder = t.testdir({
    'ca.pem': ca,
    'config.yaml': 'server: { tls: { self_signed: true, client_ca: ca.pem } }\n',
  })
  const loading = loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {} })
  t.strictSame(await problemsIn(loading), [
    'config.yaml:1:48 /server/tls/client_ca is set, but client certificates are not requested; set client_certificates: true',
  ])
})

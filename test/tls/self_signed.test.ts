/** A made certificate is one that every TLS stack takes, for exactly its names. RFC 5280. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'tap'
import { bits, der, integer, objectIdentifier, time } from '../../src/tls/der.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'

const NOW = Math.floor(Date.now() / 1000)
const NAMES = [
  'localhost',
  'op',
  '*.example.test',
  '127.0.0.1',
  '::1',
  '2001:db8::7',
  '::ffff:10.0.0.1',
  '1:2:3:4:5:6:7:8',
]

test('RFC 5280 §4.2.1.6: the certificate is valid only for its names', async (t) => {
  const { ca, cert, key } = await createSelfSigned(NAMES, NOW)
  const certificate = new X509Certificate(cert)
  for (const name of ['localhost', 'op', 'a.example.test']) t.ok(certificate.checkHost(name), name)
  for (const name of ['127.0.0.1', '::1', '2001:db8::7', '1:2:3:4:5:6:7:8']) t.ok(certificate.checkIP(name), name)
  t.match(certificate.subjectAltName, 'IP Address:0:0:0:0:0:FFFF:A00:1')
  t.notOk(certificate.checkHost('example.test'))
  t.notOk(certificate.checkIP('127.0.0.2'))
  const authority = new X509Certificate(ca)
  t.ok(certificate.verify(authority.publicKey))
  t.ok(certificate.checkIssued(authority))
  t.ok(authority.ca)
  t.notOk(certificate.ca)
  t.match(key, /^-----BEGIN PRIVATE KEY-----/)
})

test('the certificate is valid since yesterday and for at most 398 days', async (t) => {
  const certificate = new X509Certificate((await createSelfSigned(['localhost'], NOW)).cert)
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date) / 1000)
  t.ok(from! < NOW && NOW < to!)
  t.ok(to! - from! <= 398 * 86_400)
})

test('two CAs differ, and neither verifies certificates of the other', async (t) => {
  const [one, other] = await Promise.all([createSelfSigned(['a'], NOW), createSelfSigned(['a'], NOW)])
  t.not(new X509Certificate(one.ca).subject, new X509Certificate(other.ca).subject)
  t.notOk(new X509Certificate(one.cert).verify(new X509Certificate(other.ca).publicKey))
})

test('OpenSSL verifies the certificate in strict mode', async (t) => {
  const { ca, cert } = await createSelfSigned(NAMES, NOW)
  const folder = t.testdir({ 'ca.pem': ca, 'cert.pem': cert })
  let said: string
  try {
    said = execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      join(folder, 'ca.pem'),
      join(folder, 'cert.pem'),
    ]).toString()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || process.env.CI === 'true') throw error
    t.comment('openssl is not installed, so it was not asked')
    return
  }
  t.match(said, 'cert.pem: OK')
})

test('X.690: lengths, integers, identifiers and times', (t) => {
  const hex = (value: Buffer) => value.toString('hex')
  t.equal(hex(der(0x04)), '0400')
  t.equal(hex(der(0x04, new Uint8Array(128))).slice(0, 6), '048180')
  t.equal(hex(der(0x04, new Uint8Array(300))).slice(0, 8), '0482012c')
  t.equal(hex(integer(0x7f)), '02017f')
  t.equal(hex(integer(0x80)), '02020080', '§8.3: no negative number')
  t.equal(hex(bits(Uint8Array.of(0x06), 1)), '03020106')
  t.equal(hex(objectIdentifier('1.2.840.10045.4.3.2')), '06082a8648ce3d040302')
  t.equal(time(new Date('2049-12-31T23:59:59.999Z')).toString('latin1'), '\x17\x0d491231235959Z', 'RFC 5280 §4.1.2.5.1')
  t.equal(time(new Date('2050-01-01T00:00:00Z')).toString('latin1'), '\x18\x0f20500101000000Z', 'RFC 5280 §4.1.2.5.2')
  t.end()
})

/** Consistency of URLs, paths, proxies, ports and certificates. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { FLAGS, nameOf, overridesOf } from '../../../src/cli/flags.js'
import { loadSnapshot } from '../../../src/config/load.js'
import { createSelfSigned } from '../../../src/tls/self_signed.js'
import { load, problemsIn, problemsOf } from '../loading.js'

const NEED_TLS = 'is set, but TLS is off; use server.port (--port), or set server.tls'

const BAD: [string, string, string[]][] = [
  [
    'public_url and internal_url are http or https URLs, as issuer is',
    'public_url: localhost:9400\ninternal_url: ftp://op\n',
    [
      'config.yaml:1:13 /public_url is "localhost:9400", expected the URL of the provider in browsers: an http or https URL without user information, query and fragment',
      'config.yaml:2:15 /internal_url is "ftp://op", expected the URL of the provider for back ends: an http or https URL without user information, query and fragment',
    ],
  ],
  [
    'the URLs of the provider have no user information, which is not shown',
    'issuer: http://me:hush@a:1/x\npublic_url: https://hush@b\ninternal_url: "http://a:hush@c@d"\n',
    [
      'config.yaml:1:9 /issuer is "http://***@a:1/x", expected a URL without user information; remove the text before @ of the host',
      'config.yaml:2:13 /public_url is "https://***@b", expected a URL without user information; remove the text before @ of the host',
      'config.yaml:3:15 /internal_url is "http://***@d", expected a URL without user information; remove the text before @ of the host',
    ],
  ],
  [
    'the URLs of the provider have a valid host and port',
    'issuer: http://a:99999\ninternal_url: http://a:99999/x\n',
    [
      'config.yaml:1:9 /issuer is "http://a:99999", expected a valid host and port',
      'config.yaml:2:15 /internal_url is "http://a:99999/x", expected a valid host and port',
    ],
  ],
  [
    'the URLs of the provider have neither query nor fragment',
    'issuer: http://a?\npublic_url: http://a/x?y=z\ninternal_url: "http://a#"\n',
    [
      'config.yaml:1:9 /issuer is "http://a?", expected the issuer identifier: an http or https URL without user information, query and fragment',
      'config.yaml:2:13 /public_url is "http://a/x?y=z", expected the URL of the provider in browsers: an http or https URL without user information, query and fragment',
      'config.yaml:3:15 /internal_url is "http://a#", expected the URL of the provider for back ends: an http or https URL without user information, query and fragment',
    ],
  ],
  [
    'a base path begins with a slash',
    'server: { base_path: auth }\n',
    [
      'config.yaml:1:22 /server/base_path is "auth", expected a path such as `/auth`, below which a reverse proxy shows the provider',
    ],
  ],
  [
    'a base path has no . and .. segments',
    'server: { base_path: /auth/../x }\n',
    ['config.yaml:1:22 /server/base_path is "/auth/../x", expected a path without the segments . and ..'],
  ],
  [
    'the base path is the path of public_url',
    'issuer: http://a/auth\npublic_url: http://a/login/\nserver: { base_path: /auth }\n',
    [
      'config.yaml:3:22 /server/base_path is "/auth", expected "/login", the path of public_url; base_path can be left out',
    ],
  ],
  [
    'the base path is the path of issuer without public_url',
    'issuer: http://a\nserver: { base_path: /auth }\n',
    ['config.yaml:2:22 /server/base_path is "/auth", expected "", the path of issuer; base_path can be left out'],
  ],
  [
    'proxies are addresses',
    'server: { trust_forwarded: [127.0.0.1, 10.0.0.0/8, "fd00::/8", loopback, proxy, 10.0.0.0/99, 5] }\n',
    [
      'config.yaml:1:74 /server/trust_forwarded/4 is "proxy", expected true, false, an IP address, a range such as 10.0.0.0/8, loopback, linklocal or uniquelocal',
      'config.yaml:1:81 /server/trust_forwarded/5 is "10.0.0.0/99", expected true, false, an IP address, a range such as 10.0.0.0/8, loopback, linklocal or uniquelocal',
      'config.yaml:1:94 /server/trust_forwarded/6 is the number 5, expected a text; write "5"',
    ],
  ],
  [
    'a certificate needs its key',
    'server: { tls: { cert: a.pem } }\n',
    ['config.yaml:1:24 /server/tls/cert is set, but the private key is missing; set server.tls.key (--tls-key)'],
  ],
  [
    'a key needs its certificate',
    'server: { tls: { key: a.pem } }\n',
    ['config.yaml:1:23 /server/tls/key is set, but the certificate is missing; set server.tls.cert (--tls-cert)'],
  ],
  [
    'a certificate is either configured or self-signed',
    'server: { tls: { cert: a.pem, key: a.pem, self_signed: true } }\n',
    ['config.yaml:1:56 /server/tls/self_signed is true, but a certificate is configured as well; remove one of them'],
  ],
  [
    'ca_file needs self_signed',
    'server: { tls: { ca_file: ca.pem } }\n',
    [
      'config.yaml:1:27 /server/tls/ca_file is set, but the certificate is not self-signed; set server.tls.self_signed (--tls-self-signed)',
    ],
  ],
  [
    'names are host names or IP addresses',
    'server: { tls: { self_signed: true, names: [localhost, "::1", my_op, "*.a.test", "op:9400", "http://op", 7] } }\n',
    [
      'config.yaml:1:82 /server/tls/names/4 is "op:9400", expected a host name or an IP address without a port',
      'config.yaml:1:93 /server/tls/names/5 is "http://op", expected a host name or an IP address without a port',
      'config.yaml:1:106 /server/tls/names/6 is the number 7, expected a text; write "7"',
    ],
  ],
  ['a second port is beside TLS', 'server: { http_port: 80 }\n', [`config.yaml:1:22 /server/http_port ${NEED_TLS}`]],
  [
    'http_port needs TLS',
    'server: { http_port: 80, tls: { self_signed: false } }\n',
    [`config.yaml:1:22 /server/http_port ${NEED_TLS}`],
  ],
  [
    'port and http_port differ',
    'server: { port: 443, http_port: 443, tls: { self_signed: true } }\n',
    ['config.yaml:1:33 /server/http_port is 443, which is also the port for https; choose another port'],
  ],
  [
    'admin_port is another port',
    'server: { port: 9400, admin_port: 9400 }\n',
    ['config.yaml:1:35 /server/admin_port is 9400, which is also server.port; choose another port'],
  ],
  [
    'admin_port is not http_port',
    'server: { http_port: 80, admin_port: 80, tls: { self_signed: true } }\n',
    ['config.yaml:1:38 /server/admin_port is 80, which is also server.http_port; choose another port'],
  ],
  [
    'admin_port needs the admin API',
    'server: { admin: false, admin_port: 0 }\n',
    ['config.yaml:1:37 /server/admin_port is set, but server.admin is false; remove one of them'],
  ],
  [
    'allowed_hosts are host names',
    'server: { allowed_hosts: [op, "*.op.test", "op:9400", "http://op", "*", "*.", "a.*.b", "a..b", "", 7] }\n',
    [
      ...[
        [44, 2, 'op:9400'],
        [55, 3, 'http://op'],
        [68, 4, '*'],
        [73, 5, '*.'],
        [79, 6, 'a.*.b'],
        [88, 7, 'a..b'],
      ].map(
        ([column, index, name]) =>
          `config.yaml:1:${column} /server/allowed_hosts/${index} is "${name}", expected a host name such as op.example.test or *.example.test, without a port`,
      ),
      'config.yaml:1:96 /server/allowed_hosts/8 is empty, expected at least 1 character',
      'config.yaml:1:100 /server/allowed_hosts/9 is the number 7, expected a text; write "7"',
    ],
  ],
  [
    'names is a list',
    'server: { tls: { self_signed: true, names: 7 } }\n',
    ['config.yaml:1:44 /server/tls/names is the number 7, expected a list'],
  ],
  [
    'a value that the schema refuses has one problem',
    'issuer: 5\nserver: { base_path: /a, trust_forwarded: 5, http_port: x, tls: { cert: 5, key: 6, names: 7 } }\n',
    [
      'config.yaml:1:9 /issuer is the number 5, expected a text; write "5"',
      'config.yaml:2:43 /server/trust_forwarded is the number 5, expected a boolean or a list',
      'config.yaml:2:57 /server/http_port is the text "x", expected a whole number',
      'config.yaml:2:73 /server/tls/cert is the number 5, expected a text; write "5"',
      'config.yaml:2:81 /server/tls/key is the number 6, expected a text; write "6"',
      'config.yaml:2:91 /server/tls/names is the number 7, expected a list',
    ],
  ],
]

for (const [rule, text, problems] of BAD) {
  t.test(rule, async (t) => t.strictSame(await problemsOf(t, text), problems))
}

const BASE_PATHS: [string, string][] = [
  ['{}', ''],
  ['server: { base_path: "" }', ''],
  ['server: { base_path: / }', ''],
  ['server: { base_path: /auth/ }', '/auth'],
  ['issuer: http://a/mock/', '/mock'],
  ['{ issuer: http://a/mock, public_url: http://b/auth }', '/auth'],
  ['{ issuer: http://a/mock, public_url: http://b/ }', ''],
  ['{ issuer: http://a/auth/, server: { base_path: /auth } }', '/auth'],
]

for (const [text, base_path] of BASE_PATHS) {
  t.test(`${text} is below "${base_path}"`, async (t) => t.equal((await load(t, text)).base_path, base_path))
}

t.test('forwarded headers of trusted addresses are used', async (t) => {
  const trusts = async (text: string, address: string | undefined) =>
    (await load(t, `server: { trust_forwarded: ${text} }`)).trusts(address)
  t.ok(await trusts('true', '203.0.113.7'))
  t.notOk(await trusts('false', '127.0.0.1'))
  t.ok(await trusts('[10.0.0.0/8]', '10.1.2.3'))
  t.ok(await trusts('[10.0.0.0/8]', '::ffff:10.1.2.3'), 'as a socket for IPv6 shows an IPv4 address')
  t.notOk(await trusts('[10.0.0.0/8]', '11.1.2.3'))
  t.ok(await trusts('[loopback]', '::1'))
  t.notOk(await trusts('[]', '127.0.0.1'))
  t.notOk(await trusts('[loopback]', undefined), 'a connection that is gone')
})

t.test('flags set the same values as the file', async (t) => {
  const config = async (...flags: [string, string][]) => {
    const overrides = flags.flatMap(([name, value]) =>
      overridesOf(FLAGS.find((flag) => nameOf(flag) === name)!, name, value),
    )
    return (await loadSnapshot({ overrides, env: {} })).config
  }
  t.match((await config(['--tls-self-signed', 'true'])).server.tls, {
    self_signed: true,
    names: ['localhost', '127.0.0.1', '::1'],
  })
  t.match((await config(['--tls-self-signed', 'op, localhost'])).server.tls, {
    self_signed: true,
    names: ['op', 'localhost'],
  })
  t.match((await config(['--tls-self-signed', 'no'])).server.tls, { self_signed: false })
  t.strictSame((await config(['--trust-forwarded', 'off'])).server.trust_forwarded, false)
  t.strictSame((await config(['--trust-forwarded', '10.0.0.1, loopback'])).server.trust_forwarded, [
    '10.0.0.1',
    'loopback',
  ])
  t.strictSame(await problemsIn(config(['--tls-cert', 'a.pem'])), [
    '--tls-cert /server/tls/cert is set, but the private key is missing; set server.tls.key (--tls-key)',
  ])
})

t.test('certificate and key files are a matching pair', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const [one, other] = await Promise.all([createSelfSigned(['a'], now), createSelfSigned(['a'], now)])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const FILES = {
    'good.crt': one.cert,
    'good.key': one.key,
    'both.pem': `${one.key}${one.cert}`,
    'other.key': other.key,
    'empty.pem': '',
    'broken.crt': one.cert.replace(/\n.{20}/, '\n'),
    'broken.key': one.key.replace(/\n.{20}/, '\n'),
    'chain.crt': `${one.cert}${one.ca.replace(/\n.{20}/, '\n')}`,
    'secret.key': String(
      privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'secret' }),
    ),
  }
  const attempt = async (cert: string, key: string) => {
    const text = `server:\n  tls:\n    cert: ${cert}\n    key: ${key}\n`
    const folder = t.testdir({ 'config.yaml': text, ...FILES })
    await mkdir(join(folder, 'folder'))
    await writeFile(join(folder, 'latin.pem'), Uint8Array.of(0xff, 0xfe, 0xfd))
    const problems = await problemsIn(loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {} }))
    return problems.map((problem) => problem.replaceAll(`${folder}/`, ''))
  }
  const CERT = 'config.yaml:3:11 /server/tls/cert names'
  const KEY = 'config.yaml:4:10 /server/tls/key names'
  t.strictSame(await attempt('good.crt', 'good.key'), [])
  t.strictSame(await attempt('both.pem', 'both.pem'), [])
  t.strictSame(await attempt('good.crt', 'other.key'), [
    `${KEY} other.key, which is not the key of the certificate good.crt; use a matching pair`,
  ])
  t.strictSame(await attempt('missing.crt', 'missing.key'), [
    `${CERT} missing.crt, which does not exist`,
    `${KEY} missing.key, which does not exist`,
  ])
  t.match(await attempt('folder', 'good.key'), [new RegExp(`${CERT} folder, which is a folder`)])
  t.strictSame(await attempt('latin.pem', 'good.key'), [
    `${CERT} latin.pem, which is not valid UTF-8; save it in UTF-8`,
  ])
  t.strictSame(await attempt('empty.pem', 'empty.pem'), [
    `${CERT} empty.pem, which has no certificate, expected a PEM file with -----BEGIN CERTIFICATE-----`,
    `${KEY} empty.pem, which has no private key, expected a PEM file with -----BEGIN PRIVATE KEY-----`,
  ])
  t.strictSame(await attempt('broken.crt', 'broken.key'), [
    `${CERT} broken.crt, which has an invalid certificate in its PEM`,
    `${KEY} broken.key, which has an invalid private key in its PEM`,
  ])
  t.strictSame(await attempt('good.crt', 'secret.key'), [
    `${KEY} secret.key, which is encrypted, expected a private key without a passphrase`,
  ])
  t.match(await attempt('chain.crt', 'good.key'), [new RegExp(`${CERT} chain.crt, which cannot be used for TLS: `)])
})

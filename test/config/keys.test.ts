/** Keys from every source. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompactEncrypt,
  CompactSign,
  calculateJwkThumbprint,
  compactDecrypt,
  compactVerify,
  importJWK,
  type JWK,
} from 'jose'
import t from 'tap'
import { generateKey } from '../../src/config/keys.js'
import { loadSnapshot } from '../../src/config/load.js'
import type { DecryptionKey, SigningKey } from '../../src/config/snapshot.js'
import type { Alg, EncryptionAlg, EncryptionKey, Key } from '../../src/generated/types.js'
import { problemsIn } from './loading.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const ed25519 = generateKeyPairSync('ed25519')

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' | 'spki' = 'pkcs8') =>
  key.export({ format: 'pem', type } as never) as string
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' }) as JWK

/** Loads a configuration with these keys, with the files beside it. */
async function loadKeys(folder: string, ...keys: Partial<Key>[]) {
  const overrides = [{ source: 'test', path: ['keys'], value: keys }]
  return (await loadSnapshot({ config: join(folder, 'config.yaml'), overrides, env: {} })).keys as SigningKey[]
}

async function signs({ privateKey, publicJwk, alg }: SigningKey): Promise<boolean> {
  const token = await new CompactSign(Buffer.from('x')).setProtectedHeader({ alg }).sign(privateKey)
  return (await compactVerify(token, await importJWK(publicJwk, alg))).payload.length === 1
}

const ALGS: Alg[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
for (const alg of ALGS) {
  t.test(`a generated ${alg} key signs and shows its public half only`, async (t) => {
    const key = await generateKey(alg)
    t.ok(await signs(key))
    t.equal(key.kid, await calculateJwkThumbprint(key.publicJwk), 'RFC 7638')
    t.match(key.publicJwk, { kid: key.kid, alg, use: 'sig' })
    t.notOk('d' in key.publicJwk)
    t.equal((await generateKey(alg, 'mine')).kid, 'mine')
  })
}

const GOOD: [string, Partial<Key>][] = [
  ['PKCS #8', { pem: pem(rsa.privateKey) }],
  ['PKCS #8 for RSA-PSS signatures', { pem: pem(rsa.privateKey), alg: 'PS512' }],
  ['the traditional form of RSA', { pem: pem(rsa.privateKey, 'pkcs1') }],
  ['the traditional form of EC', { pem: pem(p256.privateKey, 'sec1'), alg: 'ES256' }],
  ['Ed25519', { pem: pem(ed25519.privateKey), alg: 'EdDSA' }],
  ['a JWK', { jwk: jwkOf(p384.privateKey) as never, alg: 'ES384' }],
  ['a file with PEM', { file: 'key.pem' }],
  ['a file with a JWK', { file: 'key.json', alg: 'ES256' }],
]

for (const [name, key] of GOOD) {
  t.test(`${name} is a key`, async (t) => {
    const folder = t.testdir({
      'config.yaml': '{}',
      'key.pem': pem(rsa.privateKey),
      'key.json': JSON.stringify(jwkOf(p256.privateKey)),
    })
    const [loaded] = await loadKeys(folder, key)
    t.ok(await signs(loaded!))
    t.equal(loaded!.kid, await calculateJwkThumbprint(loaded!.publicJwk))
  })
}

t.test('the kid is the configured one, else the kid of the JWK', async (t) => {
  const folder = t.testdir({ 'config.yaml': '{}' })
  const jwk = { ...jwkOf(p256.privateKey), kid: 'own' } as never
  const keys = await loadKeys(folder, { alg: 'ES256', jwk }, { alg: 'ES256', jwk, kid: 'other' })
  t.strictSame(
    keys.map(({ kid, publicJwk }) => [kid, publicJwk.kid]),
    [
      ['own', 'own'],
      ['other', 'other'],
    ],
  )
})

t.test('the matching key of a JWKS is used', async (t) => {
  const keys = [
    jwkOf(p256.publicKey),
    { ...jwkOf(rsa.privateKey), kid: 'r', alg: 'RS512' },
    jwkOf(p384.privateKey),
    { ...jwkOf(p256.privateKey), kid: 'e' },
    jwkOf(ed25519.privateKey),
  ]
  const folder = t.testdir({ 'config.yaml': '{}', 'jwks.json': JSON.stringify({ keys }) })
  const file = 'jwks.json'
  const loaded = await loadKeys(
    folder,
    { alg: 'ES256', file },
    { alg: 'RS512', file, kid: 'r' },
    { alg: 'EdDSA', file },
  )
  t.strictSame(
    loaded.map(({ publicJwk: { kty, crv, kid } }) => [kty, crv, kid]),
    [
      ['EC', 'P-256', 'e'],
      ['RSA', undefined, 'r'],
      ['OKP', 'Ed25519', loaded[2]!.kid],
    ],
  )
  t.match(await problemsIn(loadKeys(folder, { file }, { alg: 'ES256', file, kid: 'x' })), [
    /\/keys\/0\/file names .*, which is a JWKS without a private key for RS256$/,
    /\/keys\/1\/file names .*, which is a JWKS without a private key for ES256 with the kid x$/,
  ])
})

const BAD: [string, Partial<Key>, RegExp][] = [
  ['a text', { pem: 'x' }, /^test \/keys\/0\/pem is not PEM, expected -----BEGIN PRIVATE KEY-----$/],
  [
    'a broken PEM',
    { pem: '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----' },
    /has an invalid private key in its PEM$/,
  ],
  ['a public PEM', { pem: pem(rsa.publicKey, 'spki') }, /is a public key, expected a private key/],
  [
    'an encrypted PEM',
    { pem: rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string },
    /is encrypted, expected a private key without a passphrase/,
  ],
  [
    'an EC key for RS256',
    { pem: pem(p256.privateKey) },
    /is EC P-256, expected RSA for RS256; for this key, set alg to ES256$/,
  ],
  [
    'an RSA key for ES256',
    { pem: pem(rsa.privateKey), alg: 'ES256' },
    /is RSA, expected EC P-256 for ES256; .* set alg to RS256 or RS384/,
  ],
  ['a key of another curve', { pem: pem(p384.privateKey), alg: 'ES256' }, /is EC P-384, expected EC P-256 for ES256/],
  [
    'a curve that nothing uses',
    { pem: pem(k256.privateKey), alg: 'ES256' },
    /is EC secp256k1, expected EC P-256 for ES256$/,
  ],
  ['a key for RSA-PSS only', { pem: pem(pss.privateKey), alg: 'PS256' }, /is rsa-pss, expected RSA for PS256$/],
  ['a short RSA key', { pem: pem(weak.privateKey) }, /has 1024 bits, expected at least 2048 for RS256/],
  ['no JWK', { jwk: { a: 1 } as never }, /^test \/keys\/0\/jwk is not a JWK: kty is missing/],
  ['a public JWK', { jwk: jwkOf(rsa.publicKey) as never }, /is a public JWK/],
  [
    'a JWK of another alg',
    { jwk: { ...jwkOf(rsa.privateKey), alg: 'PS256' } as never },
    /is a JWK for PS256, expected one for RS256/,
  ],
  ['a broken JWK', { jwk: { ...jwkOf(rsa.privateKey), p: 5 } as never }, /is a JWK with invalid members/],
  [
    'a JWK of two halves',
    {
      jwk: {
        ...jwkOf(p256.privateKey),
        d: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey).d,
      } as never,
      alg: 'ES256',
    },
    /does not work: a signature made with it does not verify|do not make a private key/,
  ],
  ['a missing file', { file: 'none.pem' }, /^test \/keys\/0\/file names .*\/none.pem, which does not exist$/],
  ['a file of another kind', { file: 'other.json' }, /other.json, which is neither PEM nor valid JSON$/],
  [
    'no folder to keep it in',
    { keep_in: 'no/key.json' },
    /^test \/keys\/0\/keep_in names .*, but the folder .*no does not exist; create it/,
  ],
  ['a file to keep it in', { keep_in: 'other.json/key.json' }, /keep_in names .*/],
  ['a folder to keep it in', { keep_in: '.' }, /keep_in names .*, which is a folder, expected a file/],
]

for (const [name, key, problem] of BAD) {
  t.test(`${name} is refused`, async (t) => {
    const folder = t.testdir({ 'config.yaml': '{}', 'other.json': '{ x' })
    t.match(await problemsIn(loadKeys(folder, key)), [problem])
  })
}

t.test('problems of all keys are reported, and a kid is unique', async (t) => {
  const folder = t.testdir({ 'config.yaml': '{}' })
  const text = pem(rsa.privateKey)
  t.match(await problemsIn(loadKeys(folder, { pem: 'x' }, { pem: 'y' }, { pem: text }, { pem: text, alg: 'PS256' })), [
    /^test \/keys\/0\/pem is not PEM/,
    /^test \/keys\/1\/pem is not PEM/,
    /^test \/keys\/3\/kid is "[^"]+", expected a value that no earlier entry of keys has/,
  ])
})

t.test('keep_in: the key is generated once, readable by its owner only, and read at the next start', async (t) => {
  const folder = t.testdir({ 'config.yaml': '{}' })
  const key: Partial<Key> = { alg: 'ES256', keep_in: 'key.json' }
  const [made] = await loadKeys(folder, key)
  t.equal((await stat(join(folder, 'key.json'))).mode & 0o777, 0o600)
  t.strictSame((await readdir(folder)).sort(), ['config.yaml', 'key.json'], 'nothing else is left')
  const [read] = await loadKeys(folder, key)
  t.strictSame(read!.publicJwk, made!.publicJwk)
  const kept = JSON.parse(await readFile(join(folder, 'key.json'), 'utf8'))
  t.strictSame(jwkOf(createPublicKey({ key: kept, format: 'jwk' })).x, made!.publicJwk.x)
  t.match(await problemsIn(loadKeys(folder, { keep_in: 'key.json' })), [
    /which is a JWK for ES256, expected one for RS256$/,
  ])
})

t.test('keep_in: a file that cannot be written is a problem', async (t) => {
  const folder = t.testdir({ 'config.yaml': '{}' })
  t.match(await problemsIn(loadKeys(folder, { alg: 'ES256', keep_in: `${'x'.repeat(255)}` })), [
    /^test \/keys\/0\/keep_in names .*, which cannot be written: it ENAMETOOLONG/,
  ])
})

/** Loads a configuration with these keys to encrypt to. */
async function loadEncryptionKeys(folder: string, ...keys: Partial<EncryptionKey>[]) {
  const overrides = [{ source: 'test', path: ['encryption_keys'], value: keys }]
  const sources = { config: join(folder, 'config.yaml'), overrides, env: {} }
  return (await loadSnapshot(sources)).encryption_keys as DecryptionKey[]
}

async function decrypts({ privateKey, publicJwk, alg }: DecryptionKey): Promise<boolean> {
  const text = new CompactEncrypt(Buffer.from('x')).setProtectedHeader({ alg, enc: 'A256GCM' })
  const { plaintext } = await compactDecrypt(await text.encrypt(await importJWK(publicJwk, alg)), privateKey)
  return plaintext.length === 1
}

const RSA_OAEP: EncryptionAlg[] = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512']
const ECDH_ES: EncryptionAlg[] = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW']
for (const alg of [...RSA_OAEP, ...ECDH_ES]) {
  t.test(`RFC 7518 §4.1: a generated ${alg} key decrypts and shows its public half only`, async (t) => {
    const key = await generateKey(alg)
    t.ok(await decrypts(key))
    t.equal(key.kid, await calculateJwkThumbprint(key.publicJwk), 'RFC 7638')
    t.match(key.publicJwk, { kid: key.kid, alg, use: 'enc' })
    t.notOk('d' in key.publicJwk)
  })
}

t.test('encryption keys have the same sources as signing keys', async (t) => {
  const jwk = jwkOf(p256.privateKey)
  const keys = [
    { ...jwkOf(rsa.privateKey), use: 'sig', kid: 's' },
    { ...jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), use: 'enc', kid: 'e' },
  ]
  const folder = t.testdir({
    'config.yaml': '{}',
    'key.json': JSON.stringify({ ...jwk, kid: 'file' }),
    'jwks.json': JSON.stringify({ keys }),
  })
  const wanted: Partial<EncryptionKey>[] = [
    { pem: pem(rsa.privateKey) },
    { jwk: jwk as never, alg: 'ECDH-ES', kid: 'jwk' },
    { file: 'key.json', alg: 'ECDH-ES+A256KW' },
    { file: 'jwks.json', alg: 'RSA-OAEP-256' },
    { keep_in: 'kept.json', alg: 'ECDH-ES' },
  ]
  const loaded = await loadEncryptionKeys(folder, ...wanted)
  for (const key of loaded) t.ok(await decrypts(key))
  t.strictSame(
    loaded.slice(1, 4).map(({ kid }) => kid),
    ['jwk', 'file', 'e'],
  )
  t.match(JSON.parse(await readFile(join(folder, 'kept.json'), 'utf8')), { use: 'enc', alg: 'ECDH-ES' })
  t.strictSame((await loadEncryptionKeys(folder, ...wanted))[4]!.publicJwk, loaded[4]!.publicJwk)
})

t.test('an encryption key must match its algorithm and work', async (t) => {
  const folder = t.testdir({ 'config.yaml': '{}' })
  const halves = {
    ...jwkOf(p256.privateKey),
    d: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey).d,
  }
  const keys: Partial<EncryptionKey>[] = [
    { pem: pem(p256.privateKey) },
    { pem: pem(p384.privateKey), alg: 'ECDH-ES' },
    { pem: pem(weak.privateKey) },
    { jwk: halves as never, alg: 'ECDH-ES' },
    { file: 'none.pem' },
  ]
  t.match(await problemsIn(loadEncryptionKeys(folder, ...keys)), [
    /^test \/encryption_keys\/0\/pem is EC P-256, expected RSA for RSA-OAEP; .* set alg to ECDH-ES or ECDH-ES\+A128KW/,
    /^test \/encryption_keys\/1\/pem is EC P-384, expected EC P-256 for ECDH-ES$/,
    /^test \/encryption_keys\/2\/pem has 1024 bits, expected at least 2048 for RSA-OAEP$/,
    /^test \/encryption_keys\/3\/jwk (does not work: a text encrypted to it cannot be decrypted|is a JWK with invalid members)/,
    /^test \/encryption_keys\/4\/file names .*none.pem, which does not exist$/,
  ])
})

t.test('a kid is unique among the keys of both lists', async (t) => {
  const folder = t.testdir({ 'config.yaml': `keys: [{ kid: one }]\nencryption_keys: [{ kid: two }, { kid: one }]\n` })
  const loading = loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {} })
  t.strictSame(await problemsIn(loading), [
    'config.yaml:2:40 /encryption_keys/1/kid is "one", expected a value that no earlier entry of keys has',
  ])
})

/** Reads a private key from PEM or a JWK (RFC 7517) and tests it. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import {
  CompactEncrypt,
  CompactSign,
  calculateJwkThumbprint,
  compactDecrypt,
  compactVerify,
  importJWK,
  importPKCS8,
  type JWK,
} from 'jose'
import type { Alg, EncryptionAlg } from '../generated/types.js'
import type { PrivateKey } from './snapshot.js'

export type KeyAlg = Alg | EncryptionAlg

/** A key that has been read and not yet been tested. */
export interface Material {
  readonly key: KeyObject
  /** The kid of the JWK, if the key comes from a JWK. */
  readonly kid?: string
}

/** The kind of key that each algorithm signs with. RFC 7518 §3.1, RFC 8037 §3.1. */
const SIGNING: Readonly<Record<Alg, string>> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC P-256',
  ES384: 'EC P-384',
  ES512: 'EC P-521',
  EdDSA: 'Ed25519',
}

/** The kind of key that each algorithm decrypts with. RFC 7518 §4.1. */
const ENCRYPTION: Readonly<Record<EncryptionAlg, string>> = {
  'RSA-OAEP': 'RSA',
  'RSA-OAEP-256': 'RSA',
  'RSA-OAEP-384': 'RSA',
  'RSA-OAEP-512': 'RSA',
  'ECDH-ES': 'EC P-256',
  'ECDH-ES+A128KW': 'EC P-256',
  'ECDH-ES+A192KW': 'EC P-256',
  'ECDH-ES+A256KW': 'EC P-256',
}

const KINDS: Readonly<Record<KeyAlg, string>> = { ...SIGNING, ...ENCRYPTION }

const isKeyAlg = (alg: string) => Object.hasOwn(KINDS, alg)

/** Returns the `use` of a key. RFC 7517 §4.2. */
const useOf = (alg: KeyAlg) => (Object.hasOwn(SIGNING, alg) ? 'sig' : 'enc')

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

/** RFC 7518 §3.3: a key of 2048 bits or larger must be used. */
const SMALLEST_RSA = 2048

/** Reads the private key of a text: PEM, a JWK, or the first matching key of a JWKS. */
export function readMaterial(text: string, alg: KeyAlg, kid: string | undefined): Material {
  if (!text.trimStart().startsWith('{')) return readPem(text)
  let document: JWK & { keys?: unknown }
  try {
    document = JSON.parse(text)
  } catch {
    throw new Error('is neither PEM nor valid JSON')
  }
  return readJwk(Array.isArray(document.keys) ? chooseJwk(document.keys, alg, kid) : document, alg)
}

/** Reads PEM: PKCS #8 (`PRIVATE KEY`), or the traditional formats of RSA and EC. */
export function readPem(text: string): Material {
  const label = /-----BEGIN ([A-Z ]+)-----/.exec(text)?.[1]
  if (label === undefined) throw new Error('is not PEM, expected -----BEGIN PRIVATE KEY-----')
  if (/ENCRYPTED/.test(text)) throw new Error('is encrypted, expected a private key without a passphrase')
  // A file made by `openssl ecparam` has the parameters of the curve before the key.
  if (!text.includes('PRIVATE KEY-----')) throw new Error(`is a ${label.toLowerCase()}, expected a private key`)
  try {
    return { key: createPrivateKey(text) }
  } catch {
    throw new Error('has an invalid private key in its PEM')
  }
}

/** Reads a private JWK. */
export function readJwk(jwk: JWK, alg: KeyAlg): Material {
  if (typeof jwk.kty !== 'string') throw new Error('is not a JWK: kty is missing')
  if (jwk.d === undefined) throw new Error('is a public JWK (d is missing), expected a private key')
  if (jwk.alg !== undefined && jwk.alg !== alg) {
    throw new Error(`is a JWK for ${isKeyAlg(jwk.alg) ? jwk.alg : 'another algorithm'}, expected one for ${alg}`)
  }
  try {
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid: jwk.kid }
  } catch {
    throw new Error('is a JWK with invalid members, expected a private key')
  }
}

function chooseJwk(keys: readonly JWK[], alg: KeyAlg, kid: string | undefined): JWK {
  const found = keys.find((jwk) => {
    const named = kid === undefined || jwk.kid === kid
    const curve = KINDS[alg].replace(/^EC /, '')
    const meant = (jwk.alg ?? alg) === alg && (jwk.use ?? useOf(alg)) === useOf(alg)
    return named && meant && jwk.d !== undefined && (jwk.crv ?? jwk.kty) === curve
  })
  if (found !== undefined) return found
  throw new Error(`is a JWKS without a private key for ${alg}${kid === undefined ? '' : ` with the kid ${kid}`}`)
}

/** Returns the key after a test with its algorithm. A key of `known` with the same public half is returned instead. */
export async function makeKey<A extends KeyAlg>(
  { key, kid: ownKid }: Material,
  alg: A,
  kid: string | undefined,
  known: readonly PrivateKey[] = [],
): Promise<PrivateKey<A>> {
  requireFit(key, alg)
  const bare = createPublicKey(key).export({ format: 'jwk' }) as JWK
  const publicJwk: JWK = { ...bare, kid: kid ?? ownKid ?? (await calculateJwkThumbprint(bare)), alg, use: useOf(alg) }
  const same = known.find((other) => JSON.stringify(other.publicJwk) === JSON.stringify(publicJwk))
  if (same !== undefined) return same as PrivateKey<A>
  try {
    const pem = key.export({ format: 'pem', type: 'pkcs8' }) as string
    // Extractable, because a fault can sign with another algorithm than the key's.
    const privateKey = await importPKCS8(pem, alg, { extractable: true })
    const made = { kid: publicJwk.kid!, alg, privateKey, publicJwk }
    await (useOf(alg) === 'sig' ? trySignature(made) : tryEncryption(made))
    return made
  } catch {
    throw new Error(
      useOf(alg) === 'sig'
        ? 'does not work: a signature made with it does not verify'
        : 'does not work: a text encrypted to it cannot be decrypted',
    )
  }
}

async function trySignature({ alg, privateKey, publicJwk }: PrivateKey): Promise<void> {
  const token = await new CompactSign(new Uint8Array(1)).setProtectedHeader({ alg }).sign(privateKey)
  await compactVerify(token, await importJWK(publicJwk, alg))
}

async function tryEncryption({ alg, privateKey, publicJwk }: PrivateKey): Promise<void> {
  const text = new CompactEncrypt(new Uint8Array(1)).setProtectedHeader({ alg, enc: 'A128GCM' })
  await compactDecrypt(await text.encrypt(await importJWK(publicJwk, alg)), privateKey)
}

function requireFit(key: KeyObject, alg: KeyAlg): void {
  const kind = kindOf(key)
  if (kind !== KINDS[alg]) {
    const fitting = (Object.keys(KINDS) as KeyAlg[]).filter(
      (name) => KINDS[name] === kind && useOf(name) === useOf(alg),
    )
    const way = fitting.length === 0 ? '' : `; for this key, set alg to ${fitting.join(' or ')}`
    throw new Error(`is ${kind}, expected ${KINDS[alg]} for ${alg}${way}`)
  }
  const bits = key.asymmetricKeyDetails!.modulusLength
  if (bits !== undefined && bits < SMALLEST_RSA) {
    throw new Error(`has ${bits} bits, expected at least ${SMALLEST_RSA} for ${alg}`)
  }
}

function kindOf(key: KeyObject): string {
  const type = key.asymmetricKeyType!
  if (type === 'ec') {
    const curve = key.asymmetricKeyDetails!.namedCurve!
    return `EC ${CURVES[curve] ?? curve}`
  }
  return type === 'rsa' ? 'RSA' : type === 'ed25519' ? 'Ed25519' : type
}

/** Generates key material for an algorithm. */
export async function generateMaterial(alg: KeyAlg): Promise<Material> {
  const kind = KINDS[alg]
  const generate = promisify(generateKeyPair)
  if (kind === 'RSA') return { key: (await generate('rsa', { modulusLength: SMALLEST_RSA })).privateKey }
  if (kind === 'Ed25519') return { key: (await generate('ed25519')).privateKey }
  return { key: (await generate('ec', { namedCurve: kind.replace('EC ', '') })).privateKey }
}

/** A certificate authority and client certificates, issued by it or self-signed. RFC 5280. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { bits, integer, objectIdentifier, octets, sequence, set, TRUE, tagged, text, time } from '../../src/tls/der.js'

/** The steps of a name from the first to the last, each with its attributes. */
export type Name = readonly (readonly (readonly [type: string, value: string])[])[]

export interface Issued {
  readonly cert: string
  readonly key: string
  readonly publicKey: KeyObject
}

export const CN = '2.5.4.3'
export const O = '2.5.4.10'
export const OU = '2.5.4.11'
export const C = '2.5.4.6'

/** RFC 5280 §4.2.1.6. */
export const email = (name: string) => tagged(1, Buffer.from(name))
export const dns = (name: string) => tagged(2, Buffer.from(name))
export const uri = (name: string) => tagged(6, Buffer.from(name))
export const ip = (...bytes: number[]) => tagged(7, Uint8Array.from(bytes))

export interface Authority {
  readonly cert: string
  issue(name: Name, alternatives?: readonly Buffer[]): Issued
}

export function createAuthority(title = 'Clients'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name: Name = [[[CN, title]]]
  const constraints = extension('2.5.29.19', sequence(TRUE), true)
  const cert = certify(name, name, keys.publicKey, keys.privateKey, [constraints])
  return { cert, issue: (subject, alternatives) => issue(subject, name, keys.privateKey, alternatives) }
}

/** Creates a self-signed certificate. */
export function createOwn(name: Name): Issued {
  return issue(name, name, undefined, [])
}

function issue(
  subject: Name,
  issuer: Name,
  signer: KeyObject | undefined,
  alternatives: readonly Buffer[] = [],
): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extensions = [
    // clientAuth
    extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.2'))),
    ...(alternatives.length === 0 ? [] : [extension('2.5.29.17', sequence(...alternatives))]),
  ]
  return {
    cert: certify(subject, issuer, publicKey, signer ?? privateKey, extensions),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    publicKey,
  }
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

function certify(subject: Name, issuer: Name, publicKey: KeyObject, signer: KeyObject, extensions: Buffer[]): string {
  const day = 86_400_000
  const content = sequence(
    tagged(0, integer(2), true),
    integer(0x40, ...randomBytes(8)),
    ECDSA_WITH_SHA256,
    encode(issuer),
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + day))),
    encode(subject),
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(3, sequence(...extensions), true),
  )
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, signer)))
  const lines = certificate.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const encode = (name: Name) =>
  sequence(...name.map((step) => set(...step.map(([type, value]) => sequence(objectIdentifier(type), text(value))))))

const extension = (id: string, value: Buffer, critical = false) =>
  sequence(objectIdentifier(id), ...(critical ? [TRUE] : []), octets(value))

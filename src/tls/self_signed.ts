/** Generates a certificate authority and a server certificate signed by it. RFC 5280. */
import { createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import type { Credentials } from '../config/tls.js'
import { randomToken } from '../random.js'
import { bits, integer, objectIdentifier, octets, sequence, set, TRUE, tagged, text, time } from './der.js'

/** Server credentials and the CA certificate that clients have to trust. */
export interface SelfSigned extends Credentials {
  /** CA certificate as PEM. Its private key is not kept, so it cannot sign anything else. */
  readonly ca: string
}

interface Certificate {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly extensions: readonly Buffer[]
  /** Seconds since the epoch. */
  readonly now: number
}

const DAY = 86_400
/** Seconds before now from which the certificate is valid, for clients whose clocks are behind. */
const BEFORE = DAY
/** Lifetime in seconds. Some platforms refuse server certificates with a lifetime over 398 days. */
const AFTER = 396 * DAY

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

/** Generates both certificates for these host names and IP addresses. */
export async function createSelfSigned(names: readonly string[], now: number): Promise<SelfSigned> {
  const generate = promisify(generateKeyPair)
  const [authority, server] = await Promise.all([
    generate('ec', { namedCurve: 'P-256' }),
    generate('ec', { namedCurve: 'P-256' }),
  ])
  const issuer = { name: `oidc-provider-mock CA ${randomToken().slice(0, 8)}`, ...authority }
  const ca = certify({
    subject: issuer.name,
    publicKey: authority.publicKey,
    issuer,
    now,
    extensions: [
      extension('2.5.29.19', true, sequence(TRUE, integer(0))),
      // RFC 5280 §4.2.1.3: keyCertSign and cRLSign.
      extension('2.5.29.15', true, bits(Uint8Array.of(0x06), 1)),
    ],
  })
  const cert = certify({
    subject: names[0]!.slice(0, 64),
    publicKey: server.publicKey,
    issuer,
    now,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      // Key usage digitalSignature, extended key usage serverAuth.
      extension('2.5.29.15', true, bits(Uint8Array.of(0x80), 7)),
      extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', false, sequence(...names.map(generalName))),
    ],
  })
  return { ca, cert, key: server.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string }
}

function certify({ subject, publicKey, issuer, extensions, now }: Certificate): string {
  const date = (seconds: number) => time(new Date(seconds * 1000))
  const serial = Buffer.from(randomToken(), 'base64url').subarray(0, 16)
  const content = sequence(
    tagged(0, integer(2), true),
    // RFC 5280 §4.1.2.2: positive, and not zero.
    integer(0x40 | (serial[0]! & 0x3f), ...serial.subarray(1)),
    ECDSA_WITH_SHA256,
    commonName(issuer.name),
    sequence(date(now - BEFORE), date(now + AFTER)),
    commonName(subject),
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(
      3,
      sequence(
        ...extensions,
        extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
        extension('2.5.29.35', false, sequence(tagged(0, keyIdentifier(issuer.publicKey)))),
      ),
      true,
    ),
  )
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, issuer.privateKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function commonName(name: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), text(name))))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [TRUE] : []), octets(value))
}

/** Computes a key identifier. RFC 5280 §4.2.1.2: any value that is unique to the key. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 20)
}

/** Encodes a general name. RFC 5280 §4.2.1.6: a dNSName, or an iPAddress in network byte order. */
function generalName(name: string): Buffer {
  const kind = isIP(name)
  if (kind === 0) return tagged(2, Buffer.from(name))
  return tagged(7, Uint8Array.from(kind === 4 ? name.split('.').map(Number) : groupsOf(name)))
}

/** Returns the 16 bytes of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser returns the shortest form, without an embedded IPv4 address.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const bytes = (part: string) =>
    part
      .split(':')
      .flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
  const [before, after] = [bytes(head), bytes(tail ?? '')]
  return [...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after]
}

/** A certificate authority and a server certificate by it, made on the spot. RFC 5280. */
import { createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import type { Credentials } from '../config/tls.js'
import { randomToken } from '../random.js'
import { bits, integer, objectIdentifier, octets, sequence, set, TRUE, tagged, text, time } from './der.js'

/** What TLS serves with, and the authority that clients have to trust for it. */
export interface SelfSigned extends Credentials {
  /** The authority's certificate, as PEM. Its key is forgotten, so nothing else can be signed with it. */
  readonly ca: string
}

interface Certificate {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly extensions: readonly Buffer[]
  /** In seconds since the epoch. */
  readonly now: number
}

const DAY = 86_400
/** Clients' clocks may be behind. */
const BEFORE = DAY
/** Some platforms refuse server certificates that are good for longer than 398 days. */
const AFTER = 396 * DAY

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

/** Makes both, for these host names and IP addresses. */
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
      // digitalSignature, and as an extended usage serverAuth.
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

/** RFC 5280 §4.2.1.2: any value that is unique to the key. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 20)
}

/** RFC 5280 §4.2.1.6: a dNSName, or an iPAddress in network byte order. */
function generalName(name: string): Buffer {
  const kind = isIP(name)
  if (kind === 0) return tagged(2, Buffer.from(name))
  return tagged(7, Uint8Array.from(kind === 4 ? name.split('.').map(Number) : groupsOf(name)))
}

/** The 16 bytes of an IPv6 address. */
function groupsOf(address: string): number[] {
  // A URL has it in its shortest form, without a part in the way of IPv4.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const bytes = (part: string) =>
    part
      .split(':')
      .flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
  const [before, after] = [bytes(head), bytes(tail ?? '')]
  return [...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after]
}

/** The certificate and the private key that a configuration names, known to fit each other. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Complaint } from './errors.js'
import { readText } from './read.js'
import type { Pruned } from './schema.js'
import type { Config } from './types.js'

/** What TLS serves with, as PEM. */
export interface Credentials {
  /** The certificate, and maybe the intermediate ones after it. */
  readonly cert: string
  readonly key: string
}

/** How TLS comes by what it serves with: from files, or by making it at start. */
export type Tls =
  | { readonly credentials: Credentials; readonly files: readonly string[] }
  | { readonly names: readonly string[]; readonly ca_file?: string }

/** What a configuration says about TLS, with its files read; undefined where there is none, or something is wrong with it. */
export async function loadTls(
  { cert, key, self_signed, names, ca_file }: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
): Promise<{ tls?: Tls; complaints: Complaint[] }> {
  if (self_signed === true) {
    const wanted = (names ?? []).filter((name) => name !== undefined)
    const file = ca_file === undefined ? {} : { ca_file: resolve(folder, ca_file) }
    return { tls: { names: wanted, ...file }, complaints: [] }
  }
  if (cert === undefined || key === undefined) return { complaints: [] }
  const complaints: Complaint[] = []
  const complain = (member: string, file: string, reason: string) => {
    const message = `names ${resolve(folder, file)}, which ${reason}`
    complaints.push({ path: ['server', 'tls', member], at: 'value', message })
    return undefined
  }
  const read = async <T>(member: string, file: string, parse: (text: string) => T) => {
    try {
      const text = await readText(resolve(folder, file))
      return { text, value: parse(text) }
    } catch (error) {
      return complain(member, file, (error as Error).message)
    }
  }
  const certificate = await read('cert', cert, readCertificate)
  const privateKey = await read('key', key, readPrivateKey)
  if (certificate === undefined || privateKey === undefined) return { complaints }
  const credentials = { cert: certificate.text, key: privateKey.text }
  if (!certificate.value.checkPrivateKey(privateKey.value)) {
    complain('key', key, `is not the key of the certificate ${resolve(folder, cert)}; they have to be a pair`)
    return { complaints }
  }
  try {
    createSecureContext(credentials)
  } catch (error) {
    // Such as an RSA key of 512 bits, or rubbish among the intermediate certificates.
    complain('cert', cert, `TLS does not take: ${(error as Error).message}`)
    return { complaints }
  }
  return { tls: { credentials, files: [resolve(folder, cert), resolve(folder, key)] }, complaints }
}

/** The first certificate of a PEM file. */
function readCertificate(text: string): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error('has no certificate: a PEM file with -----BEGIN CERTIFICATE----- was expected')
  }
  try {
    // A file may begin with the private key, or with the certificate in words.
    return new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')))
  } catch {
    throw new Error('has a certificate that can not be read, though it looks like PEM')
  }
}

function readPrivateKey(text: string): KeyObject {
  if (text.includes('ENCRYPTED')) throw new Error('is encrypted, but the key must be readable without a passphrase')
  if (!text.includes('PRIVATE KEY-----')) {
    throw new Error('has no private key: a PEM file with -----BEGIN PRIVATE KEY----- was expected')
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error('has a private key that can not be read, though it looks like PEM')
  }
}

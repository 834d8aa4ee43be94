/** The certificate and the private key that a configuration names, known to fit each other. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Config } from '../generated/types.js'
import type { LoadFiles } from './contents.js'
import type { Complaint } from './errors.js'
import { textOf } from './read.js'
import type { Pruned } from './schema.js'
import { describeFile } from './show.js'

/** A certificate and its private key, as PEM. */
export interface Credentials {
  /** The certificate, followed by intermediate certificates. */
  readonly cert: string
  readonly key: string
}

/** The source of the credentials: files, or generation at start. */
export type Tls = (
  | { readonly credentials: Credentials }
  | { readonly names: readonly string[]; readonly ca_file?: string }
) & {
  /** Undefined if clients are not asked for a certificate. */
  readonly client_certificates?: ClientCertificates
}

/** The verification of client certificates. */
export interface ClientCertificates {
  /** PEM of the authorities; undefined for the well-known ones. */
  readonly ca?: string
}

type Complain = (member: string, file: string, reason: string) => void

/** Reads and parses the file of a member. Returns undefined after a complaint. */
type Read = <T>(
  member: string,
  file: string,
  parse: (text: string) => T,
) => Promise<{ text: string; value: T } | undefined>

/** Reads the files of the TLS settings. `tls` is undefined if TLS is off or has problems. */
export async function loadTls(
  config: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
  files: LoadFiles,
): Promise<{ tls?: Tls; complaints: Complaint[] }> {
  const complaints: Complaint[] = []
  const complain: Complain = (member, file, reason) => {
    const message = describeFile(folder, file, reason)
    complaints.push({ path: ['server', 'tls', member], at: 'value', message })
  }
  const read: Read = async (member, file, parse) => {
    try {
      const text = textOf(await files.read(resolve(folder, file)))
      return { text, value: parse(text) }
    } catch (error) {
      complain(member, file, (error as Error).message)
      return undefined
    }
  }
  const clients = await loadClientCertificates(config, read)
  const server = await loadServerCertificate(config, folder, read, complain)
  return { ...(server !== undefined && { tls: { ...server, ...clients } }), complaints }
}

async function loadServerCertificate(
  { cert, key, self_signed, names, ca_file }: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
  read: Read,
  complain: Complain,
): Promise<Tls | undefined> {
  if (self_signed === true) {
    const wanted = (names ?? []).filter((name) => name !== undefined)
    return { names: wanted, ...(ca_file !== undefined && { ca_file: resolve(folder, ca_file) }) }
  }
  if (cert === undefined || key === undefined) return undefined
  const certificate = await read('cert', cert, readCertificate)
  const privateKey = await read('key', key, readPrivateKey)
  if (certificate === undefined || privateKey === undefined) return undefined
  const credentials = { cert: certificate.text, key: privateKey.text }
  if (!certificate.value.checkPrivateKey(privateKey.value)) {
    complain('key', key, `is not the key of the certificate ${resolve(folder, cert)}; use a matching pair`)
    return undefined
  }
  try {
    createSecureContext(credentials)
  } catch (error) {
    // For example an RSA key of 512 bits, or an invalid intermediate certificate.
    complain('cert', cert, `cannot be used for TLS: ${(error as Error).message}`)
    return undefined
  }
  return { credentials }
}

async function loadClientCertificates(
  { client_certificates, client_ca }: NonNullable<Pruned<Config['server']['tls']>>,
  read: Read,
): Promise<Pick<Tls, 'client_certificates'>> {
  const ca = client_ca === undefined ? undefined : await read('client_ca', client_ca, readCertificate)
  return client_certificates === true ? { client_certificates: ca === undefined ? {} : { ca: ca.text } } : {}
}

/** Reads the first certificate of a PEM file. */
function readCertificate(text: string): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error('has no certificate, expected a PEM file with -----BEGIN CERTIFICATE-----')
  }
  try {
    // A file can begin with the private key, or with a description of the certificate.
    return new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')))
  } catch {
    throw new Error('has an invalid certificate in its PEM')
  }
}

function readPrivateKey(text: string): KeyObject {
  if (text.includes('ENCRYPTED')) throw new Error('is encrypted, expected a private key without a passphrase')
  if (!text.includes('PRIVATE KEY-----')) {
    throw new Error('has no private key, expected a PEM file with -----BEGIN PRIVATE KEY-----')
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error('has an invalid private key in its PEM')
  }
}

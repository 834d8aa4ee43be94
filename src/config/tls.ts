/** The certificate and the private key that a configuration names, known to fit each other. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Config } from '../generated/types.js'
import type { Complaint } from './errors.js'
import { readText } from './read.js'
import type { Pruned } from './schema.js'

/** What TLS serves with, as PEM. */
export interface Credentials {
  /** The certificate, and maybe the intermediate ones after it. */
  readonly cert: string
  readonly key: string
}

/** How TLS comes by what it serves with: from files, or by making it at start. */
export type Tls = (
  | { readonly credentials: Credentials; readonly files: readonly string[] }
  | { readonly names: readonly string[]; readonly ca_file?: string }
) & {
  /** Left out, clients are not asked for a certificate. */
  readonly client_certificates?: ClientCertificates
}

/** What clients' certificates are held against. */
export interface ClientCertificates {
  /** The authorities, as PEM. Left out, the well-known ones. */
  readonly ca?: string
}

type Complain = (member: string, file: string, reason: string) => void

/** What a configuration says about TLS, with its files read; undefined where there is none, or something is wrong with it. */
export async function loadTls(
  config: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
): Promise<{ tls?: Tls; complaints: Complaint[] }> {
  const complaints: Complaint[] = []
  const complain: Complain = (member, file, reason) => {
    const message = `names ${resolve(folder, file)}, which ${reason}`
    complaints.push({ path: ['server', 'tls', member], at: 'value', message })
  }
  const clients = await loadClientCertificates(config, folder, complain)
  const server = await loadServerCertificate(config, folder, complain)
  return { ...(server !== undefined && { tls: { ...server, ...clients } }), complaints }
}

async function loadServerCertificate(
  { cert, key, self_signed, names, ca_file }: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
  complain: Complain,
): Promise<Tls | undefined> {
  if (self_signed === true) {
    const wanted = (names ?? []).filter((name) => name !== undefined)
    return { names: wanted, ...(ca_file !== undefined && { ca_file: resolve(folder, ca_file) }) }
  }
  if (cert === undefined || key === undefined) return undefined
  const certificate = await read(folder, 'cert', cert, readCertificate, complain)
  const privateKey = await read(folder, 'key', key, readPrivateKey, complain)
  if (certificate === undefined || privateKey === undefined) return undefined
  const credentials = { cert: certificate.text, key: privateKey.text }
  if (!certificate.value.checkPrivateKey(privateKey.value)) {
    complain('key', key, `is not the key of the certificate ${resolve(folder, cert)}; they have to be a pair`)
    return undefined
  }
  try {
    createSecureContext(credentials)
  } catch (error) {
    // Such as an RSA key of 512 bits, or rubbish among the intermediate certificates.
    complain('cert', cert, `TLS does not take: ${(error as Error).message}`)
    return undefined
  }
  return { credentials, files: [resolve(folder, cert), resolve(folder, key)] }
}

async function loadClientCertificates(
  { client_certificates, client_ca }: NonNullable<Pruned<Config['server']['tls']>>,
  folder: string,
  complain: Complain,
): Promise<Pick<Tls, 'client_certificates'>> {
  const ca = client_ca === undefined ? undefined : await read(folder, 'client_ca', client_ca, readCertificate, complain)
  return client_certificates === true ? { client_certificates: ca === undefined ? {} : { ca: ca.text } } : {}
}

/** A file and what is in it; undefined where there is something to complain about. */
async function read<T>(
  folder: string,
  member: string,
  file: string,
  parse: (text: string) => T,
  complain: Complain,
): Promise<{ text: string; value: T } | undefined> {
  try {
    const text = await readText(resolve(folder, file))
    return { text, value: parse(text) }
  } catch (error) {
    complain(member, file, (error as Error).message)
    return undefined
  }
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

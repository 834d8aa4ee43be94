/** The TLS certificate of the server: of files and replaced when they change, or generated at the start. */
import { writeFile } from 'node:fs/promises'
import type { Server as HttpServer } from 'node:http'
import { Server as TlsServer } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../config/errors.js'
import { reasonOf } from '../config/read.js'
import type { Snapshot } from '../config/snapshot.js'
import type { ClientCertificates, Credentials, Tls } from '../config/tls.js'
import { createSelfSigned } from './self_signed.js'

/** TLS credentials of the server. */
export interface Identity {
  readonly credentials: Credentials
  /** CA certificate of a generated certificate, as PEM. */
  readonly ca?: string
  /** Absent if the server does not request client certificates. */
  readonly client_certificates?: ClientCertificates
}

/** Creates the configured identity; undefined for plain http. Writes the CA certificate to `ca_file` if it is configured. */
export async function prepareIdentity(tls: Tls | undefined, now: number): Promise<Identity | undefined> {
  if (tls === undefined || 'credentials' in tls) return tls
  const { ca, ...credentials } = await createSelfSigned(tls.names, now)
  const { client_certificates } = tls
  if (tls.ca_file !== undefined) {
    await writeFile(tls.ca_file, ca).catch((error: unknown) => {
      const reason =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its folder does not exist' : `it ${reasonOf(error)}`
      throw new ConfigError([
        { file: tls.ca_file!, path: '', message: `cannot be written as server.tls.ca_file: ${reason}` },
      ])
    })
  }
  return { credentials, ca, ...(client_certificates !== undefined && { client_certificates }) }
}

/**
 * Serves the certificate of the next snapshot on new connections. Returns whether the certificate changed.
 * @param started the settings at the start. TLS, its kind (files or generated) and the accepted authorities stay as they were.
 */
export function exchangeCertificate(
  server: HttpServer,
  started: Tls | undefined,
  { tls: before }: Snapshot,
  { tls: next }: Snapshot,
): boolean {
  if (!(server instanceof TlsServer) || started === undefined || !('credentials' in started)) return false
  if (next === undefined || !('credentials' in next)) return false
  const served = before !== undefined && 'credentials' in before ? before.credentials : undefined
  if (isDeepStrictEqual(served, next.credentials)) return false
  server.setSecureContext({ ...next.credentials, ...started.client_certificates })
  return true
}

/** The TLS certificate of the server: read from files and replaced when they change, or generated at start. */
import { writeFile } from 'node:fs/promises'
import type { Server as HttpServer } from 'node:http'
import { Server as TlsServer } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../config/errors.js'
import { reasonOf } from '../config/read.js'
import type { Snapshot } from '../config/snapshot.js'
import type { ClientCertificates, Credentials, Tls } from '../config/tls.js'
import { type Watch, type WatchOptions, watchFiles } from '../config/watch.js'
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

/** Replaces the certificate when its files change. */
export interface Exchange {
  /** Serves the certificate of the next snapshot on new connections. Returns whether the certificate changed. */
  follow(before: Snapshot, next: Snapshot): boolean
  close(): Promise<void>
}

/** Calls `onChange` when a certificate file of the current snapshot changes. */
export async function exchangeIdentity(
  server: HttpServer,
  { tls }: Snapshot,
  onChange: () => void,
  onError: (error: unknown) => void,
  options: WatchOptions,
): Promise<Exchange> {
  const watch = (files: readonly string[]) => watchFiles(files, onChange, onError, options)
  let watching: Promise<Watch> = watch(filesOf(tls))
  await watching
  let closed = false
  return {
    follow(before, { tls: next }) {
      if (!closed && !isDeepStrictEqual(filesOf(before.tls), filesOf(next))) {
        watching = watching.then(async (old) => {
          await old.close()
          return watch(filesOf(next))
        })
      }
      // TLS and its kind (files or generated) are fixed at start.
      if (!(server instanceof TlsServer) || filesOf(tls).length === 0) return false
      if (next === undefined || !('credentials' in next)) return false
      if (isDeepStrictEqual(credentialsOf(before.tls), next.credentials)) return false
      // The accepted client authorities are fixed at start as well.
      server.setSecureContext({ ...next.credentials, ...tls?.client_certificates })
      return true
    },
    close: async () => {
      closed = true
      await (await watching).close()
    },
  }
}

const filesOf = (tls: Tls | undefined) => (tls !== undefined && 'files' in tls ? tls.files : [])
const credentialsOf = (tls: Tls | undefined) => (tls !== undefined && 'files' in tls ? tls.credentials : undefined)

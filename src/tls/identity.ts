/** What the server proves its name with: read from files and exchanged when they change, or made at start. */
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

/** What the server starts with. */
export interface Identity {
  readonly credentials: Credentials
  /** The authority of a certificate that was made here, as PEM. */
  readonly ca?: string
  /** Left out, clients are not asked for a certificate. */
  readonly client_certificates?: ClientCertificates
}

/** The identity that the configuration asks for; undefined for plain http. Writes the authority where that is asked for. */
export async function prepareIdentity(tls: Tls | undefined, now: number): Promise<Identity | undefined> {
  if (tls === undefined || 'credentials' in tls) return tls
  const { ca, ...credentials } = await createSelfSigned(tls.names, now)
  const { client_certificates } = tls
  if (tls.ca_file !== undefined) {
    await writeFile(tls.ca_file, ca).catch((error: unknown) => {
      const reason =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its folder does not exist' : `it ${reasonOf(error)}`
      throw new ConfigError([
        { file: tls.ca_file!, path: '', message: `can't be written as server.tls.ca_file: ${reason}` },
      ])
    })
  }
  return { credentials, ca, ...(client_certificates !== undefined && { client_certificates }) }
}

/** Follows the certificate's files. */
export interface Exchange {
  /** Puts what the next snapshot has in the place of what is served, for every connection from now on. Says whether that is news. */
  follow(before: Snapshot, next: Snapshot): boolean
  close(): Promise<void>
}

/** Calls `onChange` whenever a file of the certificate has changed, wherever the last snapshot said they are. */
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
      // Whether there is TLS at all, and of which kind, is decided at start.
      if (!(server instanceof TlsServer) || filesOf(tls).length === 0) return false
      if (next === undefined || !('credentials' in next)) return false
      if (isDeepStrictEqual(credentialsOf(before.tls), next.credentials)) return false
      // Whose certificates clients may have is decided at start as well.
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

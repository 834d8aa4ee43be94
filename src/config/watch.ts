/** Notices when the content of a file has changed, however it was saved. */
import { createHash } from 'node:crypto'
import { readFile, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { watch } from 'chokidar'

/** Between two looks at a file that must find the same, in milliseconds: a slow save is not seen half way. */
const SETTLE = 75

/**
 * Calls `onChange` once for each new content of the files, be it written in place, renamed over the file, or brought by
 * a symbolic link that now leads elsewhere, as Kubernetes updates a mounted ConfigMap. A file that is missing, and
 * whatever else happens in its folder, is no change; its return with another content is. Resolves once watching has
 * begun. `onError` is called at most once, when the system lets nothing (more) be watched.
 */
export async function watchFiles(
  files: readonly string[],
  onChange: () => void,
  onError?: (error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  const known = new Map<string, string>()
  const seen = new Map<string, string>()
  for (const file of files) await look(file, known)
}

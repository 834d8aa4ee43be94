/** Reads several files as one consistent set: no file is read while it is written, and all are of the same moment. */
import { setTimeout } from 'node:timers/promises'
import { elapsed, QUIET } from './age.js'
import { ConfigError } from './errors.js'
import { type Content, isUnwritten, readContent, UNREAD } from './read.js'

/** Milliseconds between two reads that must be equal, and after which the reads end. */
const PAUSE = 20
const LONGEST = 1000

/** Contents by the names of the files. */
export type Contents = ReadonlyMap<string, Content>

/** Reads files. @param known the contents of an earlier read: a pipe and a file with the same version keep theirs. */
export async function readContents(files: Iterable<string>, known?: Contents): Promise<Contents> {
  const entries = [...files].map(async (file) => [file, await readContent(file, known?.get(file))] as const)
  return new Map(await Promise.all(entries))
}

/**
 * Reads files at once if they are old and two reads in a row are equal, so that files that are replaced together are of
 * the same version. A file that was written a moment ago is read when it is complete: after 250 ms without a write.
 * Throws a ConfigError after about one second.
 */
export async function readUnwritten(files: readonly string[], known?: Contents): Promise<Contents> {
  const begun = elapsed()
  let quietSince = begun
  let found = await readContents(files, known)
  for (;;) {
    const next = await readContents(files, found)
    const written = files.filter((file) => !isUnwritten(found.get(file)!, next.get(file)!))
    const unsettled = files.filter((file) => !isSettled(next.get(file)!, known?.get(file)))
    const now = elapsed()
    if (written.length > 0) quietSince = now
    else if (unsettled.length === 0 || now - quietSince >= QUIET) return next
    if (now - begun > LONGEST) throw new ConfigError([...new Set([...written, ...unsettled])].map(beingWritten))
    found = next
    await setTimeout(PAUSE)
  }
}

/** Whether a save is not in progress. A file can be missing during a save. */
const isSettled = (content: Content, known: Content | undefined) =>
  'bytes' in content ? content.settled : known === undefined || 'failure' in known

const beingWritten = (file: string) => ({
  file,
  path: '',
  message: 'changes while it is read, expected a file that nothing writes at the moment; try again later',
})

/** The files of one load, each with the content of one read. */
export interface LoadFiles {
  /** The contents that the load has used so far. */
  readonly contents: Contents
  /** Returns the content of a file. */
  read(file: string): Promise<Content>
  /** Throws a ConfigError if a file has changed before all files were read. The content of such a file becomes unread. */
  requireUnwritten(): Promise<void>
}

/** Returns the files of a load. @param given contents of the same moment. Other files are read when the load needs them. */
export function openFiles(given: Contents): LoadFiles {
  const contents = new Map<string, Content>()
  return {
    contents,
    async read(file) {
      const content = given.get(file) ?? contents.get(file) ?? (await readContent(file))
      contents.set(file, content)
      return content
    },
    async requireUnwritten() {
      if ([...contents.keys()].every((file) => given.has(file))) return
      const now = await readContents(contents.keys(), contents)
      const written = [...contents].filter(([file, content]) => !isUnwritten(content, now.get(file)!))
      for (const [file] of written) contents.set(file, UNREAD)
      if (written.length > 0) throw new ConfigError(written.map(([file]) => beingWritten(file)))
    },
  }
}

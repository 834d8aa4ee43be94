/** Finds the folders and symbolic links that lead to files. */
import { lstat, readlink } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'

const MOST_LINKS = 40

/** The folders and links that lead to the files. */
export interface Route {
  /** The folders of the files and links, with their inode numbers. */
  readonly folders: ReadonlyMap<string, number>
  /** The paths of the links and files. */
  readonly steps: ReadonlySet<string>
}

/** Returns the route to files, whether they exist or not. */
export async function findRoute(files: Iterable<string>): Promise<Route> {
  const folders = new Map<string, number>()
  const steps = new Set<string>()
  for (const file of files) {
    let [here, rest] = split(resolve(file))
    let id = 0
    for (let links = 0, name = rest.shift(); name !== undefined; name = rest.shift()) {
      const step = join(here, name)
      const link = links < MOST_LINKS ? await readlink(step).catch(() => undefined) : undefined
      const found = link === undefined ? await lstat(step).catch(() => undefined) : undefined
      // A folder in place of the file can be replaced by the file.
      if (found?.isDirectory() && rest.length > 0) {
        here = step
        id = found.ino
        continue
      }
      folders.set(here, id)
      steps.add(step)
      if (link === undefined) break
      links += 1
      const [root, names] = split(resolve(here, link))
      here = root
      id = 0
      rest = [...names, ...rest]
    }
  }
  return { folders, steps }
}

/** Splits an absolute path into its root and its names. */
function split(path: string): [string, string[]] {
  const [drive, ...names] = path.split(sep)
  return [`${drive}${sep}`, names]
}

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

/** A part of a path: a folder with its inode number, a link with its target, or neither. */
interface Step {
  readonly folder?: number
  readonly link?: string
}

type Inspect = (path: string) => Promise<Step>

/** Returns the route to files, whether they exist or not. */
export async function findRoute(files: Iterable<string>): Promise<Route> {
  const route = { folders: new Map<string, number>(), steps: new Set<string>() }
  // Files often have folders in common.
  const inspected = new Map<string, Promise<Step>>()
  const once: Inspect = (path) => {
    const found = inspected.get(path) ?? inspect(path)
    inspected.set(path, found)
    return found
  }
  await Promise.all([...files].map((file) => addRoute(resolve(file), once, route)))
  return route
}

/** Adds the folders and links that lead to one file. */
async function addRoute(
  file: string,
  inspect: Inspect,
  { folders, steps }: { folders: Map<string, number>; steps: Set<string> },
): Promise<void> {
  let [here, rest] = split(file)
  let id = 0
  for (let links = 0; ; ) {
    const path = join(here, rest.shift()!)
    const { folder, link } = await inspect(path)
    // A folder in place of the file can be replaced by the file.
    if (folder !== undefined && rest.length > 0) {
      here = path
      id = folder
      continue
    }
    folders.set(here, id)
    steps.add(path)
    if (link === undefined || links === MOST_LINKS) break
    links += 1
    const [root, names] = split(resolve(here, link))
    here = root
    id = 0
    rest = [...names, ...rest]
  }
}

async function inspect(path: string): Promise<Step> {
  try {
    const found = await lstat(path)
    if (found.isDirectory()) return { folder: found.ino }
    return found.isSymbolicLink() ? { link: await readlink(path) } : {}
  } catch {
    return {}
  }
}

/** Splits an absolute path into its root and its names. */
function split(path: string): [string, string[]] {
  const [drive, ...names] = path.split(sep)
  return [`${drive}${sep}`, names]
}

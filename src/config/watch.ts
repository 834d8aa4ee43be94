/** Watches the content of files, for every way of saving them. */
import { createHash } from 'node:crypto'
import { lstat, readFile, readlink, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { watch } from 'chokidar'

/** Milliseconds between two reads that must be equal, so that a slow save is not read half-written. */
const SETTLE = 100
/** Number of consecutive reads, about one second, after which a missing or empty file is a change and not a save in progress. */
const LOST = 10
/** Milliseconds between two polls. */
const POLL = 500
const MOST_LINKS = 40

/** A running watch. */
export interface Watch {
  close(): Promise<void>
}

export interface WatchOptions {
  /** Whether to poll instead of waiting for notifications of the file system. */
  readonly poll?: boolean
}

/**
 * Calls `onChange` once for each new content of the files: written in place, renamed over the file, or behind a symbolic
 * link with a new target, as Kubernetes updates a mounted ConfigMap. A file that is missing or empty for a moment is not
 * a change, because many programs save that way; a file that stays so is. Resolves when watching has begun. Calls
 * `onError` at most once, for example if the limit of watched files is reached.
 */
export async function watchFiles(
  files: readonly string[],
  onChange: () => void,
  onError: (error: unknown) => void = () => undefined,
  { poll = false }: WatchOptions = {},
): Promise<Watch> {
  // chokidar is never ready without files.
  if (files.length === 0) return { close: async () => undefined }
  const paths = files.map((file) => resolve(file))
  let known = await look(paths)
  let candidate = known
  let stable = 0
  let route = await follow(paths)
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()
  let closed = false
  let reported = false

  const report = (error: unknown) => {
    if (!reported) onError(error)
    reported = true
  }
  // Events only trigger a read, because their kinds and order depend on the system and the way of saving.
  const lookSoon = () => {
    if (closed || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      looking = looking.then(compare).catch(report)
    }, SETTLE)
  }
  const compare = async () => {
    const next = await follow(paths)
    const rerouted = !isDeepStrictEqual(next, route)
    if (rerouted) {
      route = next
      await watcher.close()
      watcher = await begin(route)
    }
    const found = await look(paths)
    const changed = !isDeepStrictEqual(found, known)
    stable = isDeepStrictEqual(found, candidate) ? stable + 1 : 0
    candidate = found
    const settled = stable >= (found.some((content, index) => isLost(content, known[index]!)) ? LOST : 1)
    if (rerouted || (changed && !settled)) lookSoon()
    if (closed || !changed || !settled) return
    known = found
    onChange()
  }

  const begin = (route: Route): Promise<Watch> => (poll ? startClock(lookSoon) : openWatcher(route, lookSoon, report))
  let watcher = await begin(route)
  // Changes before the first notification.
  lookSoon()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
      await watcher.close()
    },
  }
}

/** Watches the folders of a route. Resolves when notifications have begun. */
async function openWatcher(
  { folders, steps }: Route,
  onEvent: () => void,
  onError: (error: unknown) => void,
): Promise<Watch> {
  const watcher = watch([...folders.keys()], {
    depth: 0,
    ignoreInitial: true,
    ignored: (path) => !folders.has(path) && !steps.has(path),
  })
  watcher.on('raw', onEvent).on('all', onEvent).on('error', onError)
  await new Promise<void>((begun) => watcher.once('ready', begun))
  return watcher
}

async function startClock(onTick: () => void): Promise<Watch> {
  const timer = setInterval(onTick, POLL)
  return { close: async () => clearInterval(timer) }
}

/** The content at a path: the hash of a file, or the reason why there is none. */
type Content = { readonly hash: string } | { readonly none: string }

/** Whether a file has lost its content, or has none for a new reason. */
function isLost(content: Content, before: Content): boolean {
  return 'none' in content && !isDeepStrictEqual(content, before)
}

async function look(paths: readonly string[]): Promise<Content[]> {
  return await Promise.all(paths.map(readContent))
}

async function readContent(path: string): Promise<Content> {
  try {
    const found = await stat(path)
    // A pipe can be read only once.
    if (!found.isFile()) return { none: found.isDirectory() ? 'folder' : 'pipe' }
    const content = await readFile(path)
    if (content.length === 0) return { none: 'empty' }
    const hash = createHash('sha256').update(content).digest('base64')
    // A single mounted file that was replaced on the host still has its old content here.
    return { hash: found.nlink === 0 ? `${hash} unlinked` : hash }
  } catch (error) {
    return { none: String((error as NodeJS.ErrnoException).code) }
  }
}

/** The folders and links that lead to the files. */
interface Route {
  /** The folders of the files and links, with their inode numbers. */
  readonly folders: ReadonlyMap<string, number>
  /** The paths of the links and files. */
  readonly steps: ReadonlySet<string>
}

async function follow(paths: readonly string[]): Promise<Route> {
  const folders = new Map<string, number>()
  const steps = new Set<string>()
  for (const path of paths) {
    let [here, rest] = split(path)
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

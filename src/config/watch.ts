/** Notices when the content of a file has changed, however it was saved. */
import { createHash } from 'node:crypto'
import { lstat, readFile, readlink, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { watch } from 'chokidar'

/** Milliseconds between two looks that must find the same, so that a slow save is not seen half way. */
const SETTLE = 100
/** How many looks in a row must find a file gone or empty before that is more than a way of saving: about a second. */
const LOST = 10
/** Milliseconds between two looks where the system tells of nothing. */
const POLL = 500
const MOST_LINKS = 40

/** A running watch. */
export interface Watch {
  close(): Promise<void>
}

export interface WatchOptions {
  /** Looks from time to time, instead of waiting for the system to tell of a change. */
  readonly poll?: boolean
}

/**
 * Calls `onChange` once for each new content of the files, be it written in place, renamed over the file, or brought by
 * a symbolic link that now leads elsewhere, as Kubernetes updates a mounted ConfigMap. A file that is missing or empty
 * for a moment is no change, since many programs save that way; one that stays so is. Resolves once watching has begun.
 * `onError` is called at most once, such as when the system lets nothing more be watched.
 */
export async function watchFiles(
  files: readonly string[],
  onChange: () => void,
  onError: (error: unknown) => void = () => undefined,
  { poll = false }: WatchOptions = {},
): Promise<Watch> {
  // chokidar is never ready where there is nothing to watch.
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
  // The events only say when to look: which of them come differs by system and by the way of saving.
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
  // What happened before the system began to tell.
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

/** Resolves once the system tells of whatever happens on the route. */
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

/** What is at a path: the fingerprint of a file's content, or why there is none. */
type Content = { readonly hash: string } | { readonly none: string }

/** Whether a file has come to have no content, or has none for another reason than before. */
function isLost(content: Content, before: Content): boolean {
  return 'none' in content && !isDeepStrictEqual(content, before)
}

async function look(paths: readonly string[]): Promise<Content[]> {
  return await Promise.all(paths.map(readContent))
}

async function readContent(path: string): Promise<Content> {
  try {
    const found = await stat(path)
    // A pipe can be read once only, and by somebody else.
    if (!found.isFile()) return { none: found.isDirectory() ? 'folder' : 'pipe' }
    const content = await readFile(path)
    if (content.length === 0) return { none: 'empty' }
    const hash = createHash('sha256').update(content).digest('base64')
    // A file that is mounted by itself can be replaced where it comes from; what is read here is then the old one.
    return { hash: found.nlink === 0 ? `${hash} unlinked` : hash }
  } catch (error) {
    return { none: String((error as NodeJS.ErrnoException).code) }
  }
}

/** How the system gets to the files. */
interface Route {
  /** The folders in which a file or a link on the way to one can be replaced, each with its identity. */
  readonly folders: ReadonlyMap<string, number>
  /** The links and files themselves. */
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
      // A folder where a file was meant may give way to the file.
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

/** The root of an absolute path, and the names that lead from there. */
function split(path: string): [string, string[]] {
  const [drive, ...names] = path.split(sep)
  return [`${drive}${sep}`, names]
}

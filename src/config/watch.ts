/** Watches the content of files, for every way of saving them. */
import { isDeepStrictEqual } from 'node:util'
import { watch } from 'chokidar'
import { type Contents, readContents, readUnwritten } from './contents.js'
import { type Content, isSame, isUnwritten } from './read.js'
import { findRoute, type Route } from './route.js'

/** Milliseconds between two reads of files that have changed. */
const PAUSE = 50
/** Number of equal reads in a row, 250 ms, after which a changed file is complete. */
const QUIET = 5
/** Number of equal reads for a file that ends in the middle of a line or has lost more than half of its bytes. */
const DOUBTFUL = 2 * QUIET
/** Number of equal reads, one second, after which a missing or empty file is a change and not a save in progress. */
const LOST = 4 * QUIET
/** Milliseconds between two polls. */
const POLL = 500
const LINE_FEED = 0x0a

/** A running watch. */
export interface Watch {
  /** Reads the files now and passes them on, whether they have changed or not. */
  readNow(): Promise<void>
  close(): Promise<void>
}

export interface WatchOptions {
  /** Whether to poll instead of waiting for notifications of the file system. */
  readonly poll?: boolean
}

/** Uses new contents. Resolves with the contents, possibly of more or other files, whose changes are reported next. */
export type UseContents = (contents: Contents) => Promise<Contents>

/**
 * Calls `use` with new contents of the files, all of one moment, after no file was written for 250 ms: in place, renamed
 * over the file, or behind a symbolic link with a new target, as Kubernetes updates a mounted ConfigMap. A file that is
 * missing or empty for a moment is not a change, because many programs save that way; a file that stays so is. Resolves
 * when watching has begun. Calls `onError` at most once, for example if the limit of watched files is reached.
 */
export async function watchFiles(
  initial: Contents,
  use: UseContents,
  onError: (error: unknown) => void = () => undefined,
  { poll = false }: WatchOptions = {},
): Promise<Watch> {
  let known = initial
  let candidate = initial
  let equalReads = 0
  let route = await findRoute(known.keys())
  let timer: NodeJS.Timeout | undefined
  let wanted = false
  // Reads and uses run one at a time, so that the newest content is used last.
  let working: Promise<unknown> = Promise.resolve()
  let closed = false
  let reported = false

  const report = (error: unknown) => {
    if (!reported) onError(error)
    reported = true
  }
  // Events only trigger a read, because their kinds and order depend on the system and the way of saving.
  const readSoon = () => {
    wanted = true
    if (closed || timer !== undefined) return
    timer = setTimeout(() => {
      wanted = false
      working = working
        .then(compare)
        .catch(report)
        .then(() => {
          // The pause begins after the read, so that equal reads are as far apart as a slow file system makes them.
          timer = undefined
          if (wanted) readSoon()
        })
    }, PAUSE)
  }
  const pass = async (found: Contents) => {
    known = found
    known = await use(found)
    candidate = known
    readSoon()
  }
  const compare = async () => {
    const next = await findRoute(known.keys())
    if (!isDeepStrictEqual(next, route)) {
      route = next
      await watcher.close()
      watcher = await begin(route)
      readSoon()
    }
    const found = await readContents(known.keys(), known)
    const changes = [...found].filter(([file, content]) => !isSame(content, known.get(file)!))
    const isQuiet = [...found].every(([file, content]) => isSame(content, candidate.get(file)!))
    const isIdle = changes.every(([file, content]) => isUnwritten(content, candidate.get(file)!))
    equalReads = isQuiet && isIdle ? equalReads + 1 : 0
    candidate = found
    if (closed || changes.length === 0) return
    if (changes.some(([file, content]) => equalReads < readsUntilComplete(content, known.get(file)!))) readSoon()
    else await pass(found)
  }

  const begin = (route: Route): Promise<Closable> =>
    poll ? startClock(readSoon) : openWatcher(route, readSoon, report)
  let watcher = await begin(route)
  // Changes before the first notification.
  readSoon()
  return {
    async readNow() {
      const reading = working.then(async () => pass(await readUnwritten([...known.keys()], known)))
      working = reading.catch(() => undefined)
      await reading
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await working
      await watcher.close()
    },
  }
}

type Closable = Pick<Watch, 'close'>

/** Watches the folders of a route. Resolves when notifications have begun. */
async function openWatcher(
  { folders, steps }: Route,
  onEvent: () => void,
  onError: (error: unknown) => void,
): Promise<Closable> {
  // chokidar is never ready without folders.
  if (folders.size === 0) return { close: async () => undefined }
  const watcher = watch([...folders.keys()], {
    depth: 0,
    ignoreInitial: true,
    ignored: (path) => !folders.has(path) && !steps.has(path),
  })
  watcher.on('raw', onEvent).on('all', onEvent).on('error', onError)
  await new Promise<void>((begun) => watcher.once('ready', begun))
  return watcher
}

async function startClock(onTick: () => void): Promise<Closable> {
  const timer = setInterval(onTick, POLL)
  return { close: async () => clearInterval(timer) }
}

/** Returns the number of equal reads in a row after which a changed content is taken for complete. */
function readsUntilComplete(content: Content, before: Content): number {
  if ('failure' in content || content.bytes.length === 0) return LOST
  const hasShrunk = 'bytes' in before && content.bytes.length < before.bytes.length / 2
  return hasShrunk || content.bytes.at(-1) !== LINE_FEED ? DOUBTFUL : QUIET
}

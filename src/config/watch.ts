/** Watches the content of files, for every way of saving them. */
import { type Contents, readContents, readUnwritten } from './contents.js'
import type { ConfigError } from './errors.js'
import { openNotifier, startClock } from './notifier.js'
import { type Content, isSame, isUnwritten, UNREAD } from './read.js'

/** Milliseconds between two reads of files that have changed. */
const PAUSE = 50
/** Number of equal reads in a row, 250 ms, after which a changed file is complete. */
const QUIET = 5
/** Number of equal reads for a file that ends in the middle of a line or has lost more than half of its bytes. */
const DOUBTFUL = 2 * QUIET
/** Number of equal reads, one second, after which a missing or empty file is a change and not a save in progress. */
const LOST = 4 * QUIET
const LINE_FEED = 0x0a

/** A running watch. */
export interface Watch {
  /**
   * Reads the files now and passes them on, whether they have changed or not. Throws a ConfigError if they are written
   * all the time, and passes them on later.
   */
  readNow(): Promise<void>
  close(): Promise<void>
}

export interface WatchOptions {
  /** Whether to poll instead of waiting for notifications of the file system. */
  readonly poll?: boolean
}

/** Uses new contents. Resolves with the contents, possibly of more or other files, whose changes are passed on next. */
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
  let reported = false
  // Reads and uses run one at a time, so that the newest content is used last.
  let working: Promise<unknown> = Promise.resolve()
  const countEqualReads = createCount(initial)

  const report = (error: unknown) => {
    if (!reported) onError(error)
    reported = true
  }
  const repeat = createRepeat(() => {
    working = working.then(compare).catch(report)
    return working
  })
  const pass = async (found: Contents) => {
    known = found
    known = await use(found)
    repeat.soon()
  }
  const compare = async () => {
    await notifier.setFiles(known.keys())
    const found = await readContents(known.keys(), known)
    const changes = new Map([...found].filter(([file, content]) => !isSame(content, known.get(file)!)))
    const count = countEqualReads(found, changes)
    if (changes.size === 0 || repeat.hasEnded()) return
    const isComplete = [...changes].every(([file, content]) => count >= readsUntilComplete(content, known.get(file)!))
    if (isComplete) await pass(found)
    else repeat.soon()
  }

  const readAndPass = async () => {
    const found = await readUnwritten([...known.keys()], known).catch((error: ConfigError) => {
      known = new Map([...known, ...error.problems.map(({ file }) => [file, UNREAD] as const)])
      repeat.soon()
      throw error
    })
    await pass(found)
  }

  const notifier = poll ? startClock(repeat.soon) : await openNotifier(known.keys(), repeat.soon, report)
  // Changes before the first notification.
  repeat.soon()
  return {
    async readNow() {
      const reading = working.then(readAndPass)
      working = reading.catch(() => undefined)
      await reading
    },
    async close() {
      repeat.end()
      await working
      await notifier.close()
    },
  }
}

/** Returns a function that counts how many reads in a row were equal. A changed file must also not be written meanwhile. */
function createCount(initial: Contents): (found: Contents, changes: Contents) => number {
  let last = initial
  let count = 0
  return (found, changes) => {
    const equal = [...found].every(([file, content]) => {
      const before = last.get(file)
      return before !== undefined && (changes.has(file) ? isUnwritten : isSame)(content, before)
    })
    count = equal ? count + 1 : 0
    last = found
    return count
  }
}

/** Repeats a step on request, after a pause. The pause begins when the step has ended, however long that takes. */
function createRepeat(step: () => Promise<unknown>) {
  let timer: NodeJS.Timeout | undefined
  let wanted = false
  let ended = false
  const soon = () => {
    wanted = true
    if (ended || timer !== undefined) return
    timer = setTimeout(async () => {
      wanted = false
      await step()
      timer = undefined
      if (wanted) soon()
    }, PAUSE)
  }
  const end = () => {
    ended = true
    clearTimeout(timer)
  }
  return { soon, end, hasEnded: () => ended }
}

/** Returns the number of equal reads in a row after which a changed content is taken for complete. */
function readsUntilComplete(content: Content, before: Content): number {
  if ('failure' in content || content.bytes.length === 0) return LOST
  const hasShrunk = 'bytes' in before && content.bytes.length < before.bytes.length / 2
  return hasShrunk || content.bytes.at(-1) !== LINE_FEED ? DOUBTFUL : QUIET
}

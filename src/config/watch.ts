/** Watches the content of files, for every way of saving them. */
import { elapsed, QUIET } from './age.js'
import { type Contents, readContents, readUnwritten } from './contents.js'
import type { ConfigError } from './errors.js'
import { openNotifier, startClock } from './notifier.js'
import { type Content, isSame, isUnwritten, UNREAD } from './read.js'

/** Milliseconds between two reads of files that have changed. */
const PAUSE = 50
/** Milliseconds without a write for a file that ends in the middle of a line or has lost more than half of its bytes. */
const DOUBTFUL = 2 * QUIET
/** Milliseconds after which a missing or empty file is a change and not a save in progress. */
const LOST = 4 * QUIET
/** Milliseconds of waiting for a file that is written all the time, after which it is reported. */
const LONG = 5000
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
  /** Called once for changed files that are written all the time, until they were passed on. */
  readonly onWait?: (files: readonly string[]) => void
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
  { poll = false, onWait = () => undefined }: WatchOptions = {},
): Promise<Watch> {
  let known = initial
  /** The contents of the last read. */
  let last = initial
  let reported = false
  // Reads and uses run one at a time, so that the newest content is used last.
  let working: Promise<unknown> = Promise.resolve()
  const meter = createMeter(onWait)

  const report = (error: unknown) => {
    if (!reported) onError(error)
    reported = true
  }
  const repeat = createRepeat(() => {
    working = working.then(compare).catch(report)
    return working
  })
  const learn = (contents: Contents) => {
    known = contents
    last = contents
    meter.endWait()
  }
  const pass = async (found: Contents) => {
    learn(found)
    learn(await use(found))
    repeat.soon()
  }
  const compare = async () => {
    await notifier.setFiles(known.keys())
    const found = await readContents(known.keys(), last)
    const changes = new Map([...found].filter(([file, content]) => !isSame(content, known.get(file)!)))
    const quiet = meter.measure(found, last, changes)
    last = found
    if (changes.size === 0 || repeat.hasEnded()) return
    const isComplete = [...changes].every(([file, content]) => quiet >= timeUntilComplete(content, known.get(file)!))
    if (isComplete) await pass(found)
    else repeat.soon()
  }

  const readAndPass = async () => {
    const found = await readUnwritten([...known.keys()], known).catch((error: ConfigError) => {
      learn(new Map([...known, ...error.problems.map(({ file }) => [file, UNREAD] as const)]))
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

/** Measures for how many milliseconds no file was written, and reports changes that wait long for it. */
function createMeter(onWait: (files: readonly string[]) => void) {
  let writtenAt = elapsed()
  let changedAt: number | undefined
  let isReported = false
  const endWait = () => {
    changedAt = undefined
    isReported = false
  }
  const measure = (found: Contents, last: Contents, changes: Contents): number => {
    const now = elapsed()
    // A file without a change may be written with the same bytes.
    const isQuiet = [...found].every(([file, content]) =>
      (changes.has(file) ? isUnwritten : isSame)(content, last.get(file)!),
    )
    if (!isQuiet) writtenAt = now
    if (changes.size === 0) endWait()
    else changedAt ??= now
    if (changedAt !== undefined && !isReported && now - changedAt > LONG) {
      isReported = true
      onWait([...changes.keys()])
    }
    return now - writtenAt
  }
  return { measure, endWait }
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

/** Returns the milliseconds without a write after which a changed content is taken for complete. */
function timeUntilComplete(content: Content, before: Content): number {
  if ('failure' in content || content.bytes.length === 0) return LOST
  const hasShrunk = 'bytes' in before && content.bytes.length < before.bytes.length / 2
  return hasShrunk || content.bytes.at(-1) !== LINE_FEED ? DOUBTFUL : QUIET
}

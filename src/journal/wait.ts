/** Waiting for entries of a journal: for the next one, or for all of them as a stream. */
import { Readable } from 'node:stream'
import type { Journal } from './journal.js'
import type { StoredEntry } from './stored.js'
import { createPacer, type WriteEntry } from './written.js'

type Fits = (entry: StoredEntry) => boolean

/** An activity that ends by itself, or is ended. */
export interface Ongoing<T> {
  readonly result: T
  end(): void
}

/**
 * Waits for the next entry that fits. The result is undefined after the time, or if the wait was ended.
 * @param time milliseconds.
 * @returns undefined if too many listeners follow the journal.
 */
export function nextEntry(
  journal: Journal,
  fits: Fits,
  time: number,
): Ongoing<Promise<StoredEntry | undefined>> | undefined {
  let settle: (entry?: StoredEntry) => void
  const result = new Promise<StoredEntry | undefined>((resolve) => {
    settle = resolve
  })
  const stop = journal.follow((entry) => {
    if (fits(entry)) end(entry)
  })
  if (stop === undefined) return undefined
  const end = (entry?: StoredEntry) => {
    clearTimeout(timer)
    stop()
    settle(entry)
  }
  const timer = setTimeout(end, time)
  return { result, end: () => end() }
}

export interface StreamOptions {
  /** Only entries with a greater id are sent. */
  readonly after: number
  readonly fits: Fits
  readonly write: WriteEntry
  /** Milliseconds between comments that keep the connection open. */
  readonly heartbeat: number
}

/**
 * Streams all entries that fit as server-sent events (HTML Living Standard §9.2). The stream has no buffer of its own: for
 * a slow reader the journal is the backlog, and entries that it no longer keeps are not sent.
 * @returns undefined if too many listeners follow the journal.
 */
export function streamEntries(
  journal: Journal,
  { after, fits, write, heartbeat }: StreamOptions,
): Ongoing<Readable> | undefined {
  let last = after
  let wanted = false
  let pumping = false
  let changed = false
  const push = (text: string) => {
    wanted = stream.push(text)
  }
  const pace = createPacer()
  const sendAll = async () => {
    for (
      let [entry] = await journal.list(last, 1);
      entry !== undefined && wanted;
      [entry] = await journal.list(last, 1)
    ) {
      last = entry.id
      if (fits(entry)) push(`id: ${entry.id}\ndata: ${write(entry)}\n\n`)
      await pace(entry.json.length)
    }
  }
  // One at a time, since the list is asynchronous; entries that arrive meanwhile are found by the next round.
  const pump = async () => {
    changed = true
    if (pumping) return
    pumping = true
    while (changed && wanted) {
      changed = false
      await sendAll()
    }
    pumping = false
  }
  const start = () => void pump().catch(stream.destroy.bind(stream))
  const stop = journal.follow(() => start())
  if (stop === undefined) return undefined
  const timer = setInterval(() => wanted && push(': \n\n'), heartbeat)
  const stream = new Readable({
    read() {
      wanted = true
      start()
    },
    destroy(error, done) {
      wanted = false
      stop()
      clearInterval(timer)
      done(error)
    },
  })
  push(': \n\n')
  return {
    result: stream,
    end: () => {
      wanted = false
      stop()
      clearInterval(timer)
      stream.push(null)
    },
  }
}

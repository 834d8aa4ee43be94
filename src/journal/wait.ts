/** Entries of a journal as they come: the next one that fits, or all of them as a stream. */
import { Readable } from 'node:stream'
import type { Journal, JournalEntry } from './journal.js'

type Fits = (entry: JournalEntry) => boolean

/** Something that goes on until it ends by itself, or is ended. */
export interface Ongoing<T> {
  readonly result: T
  end(): void
}

/**
 * The next entry that fits; undefined once the time is over, or it was ended. Nothing is kept of it afterwards.
 * @param time in milliseconds.
 * @returns undefined where too many wait already.
 */
export function nextEntry(
  journal: Journal,
  fits: Fits,
  time: number,
): Ongoing<Promise<JournalEntry | undefined>> | undefined {
  let settle: (entry?: JournalEntry) => void
  const result = new Promise<JournalEntry | undefined>((resolve) => {
    settle = resolve
  })
  const stop = journal.follow((entry) => {
    if (fits(entry)) end(entry)
  })
  if (stop === undefined) return undefined
  const end = (entry?: JournalEntry) => {
    clearTimeout(timer)
    stop()
    settle(entry)
  }
  const timer = setTimeout(end, time)
  return { result, end: () => end() }
}

export interface StreamOptions {
  /** The id of the last entry that isn't wanted. */
  readonly after: number
  readonly fits: Fits
  /** How an entry is written. */
  readonly write: (entry: JournalEntry) => string
  /** Milliseconds between signs of life. */
  readonly heartbeat: number
}

/**
 * Server-sent events (HTML Living Standard §9.2) of all entries that fit. It holds none of them back: for a slow reader
 * the journal itself is the backlog, and what has gone from there is not in the stream.
 * @returns undefined where too many listen already.
 */
export function streamEntries(
  journal: Journal,
  { after, fits, write, heartbeat }: StreamOptions,
): Ongoing<Readable> | undefined {
  let last = after
  let wanted = false
  const push = (text: string) => {
    wanted = stream.push(text)
  }
  const pump = () => {
    for (const entry of journal.list()) {
      if (!wanted) return
      if (entry.id <= last) continue
      last = entry.id
      if (fits(entry)) push(`id: ${entry.id}\ndata: ${write(entry)}\n\n`)
    }
  }
  const stop = journal.follow(pump)
  if (stop === undefined) return undefined
  const timer = setInterval(() => wanted && push(': \n\n'), heartbeat)
  const stream = new Readable({
    read() {
      wanted = true
      pump()
    },
    destroy(error, done) {
      stop()
      clearInterval(timer)
      done(error)
    },
  })
  push(': \n\n')
  return {
    result: stream,
    end: () => {
      stop()
      clearInterval(timer)
      stream.push(null)
    },
  }
}

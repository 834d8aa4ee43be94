/** A queue of tasks: a limited number is in progress, in total and for one destination. */
import { once } from 'node:events'

/** Bounds of a queue. */
export interface Bounds {
  /** Largest number of tasks in progress. */
  readonly most: number
  /** Largest number of tasks in progress for one destination. */
  readonly most_of_one: number
  readonly most_waiting: number
}

/** Lowers bounds, so that at most this number of tasks is in progress or waits. */
export function within({ most, most_of_one, most_waiting }: Bounds, number: number): Bounds {
  const places = Math.ceil(Math.min(most, number / 2))
  return { most: places, most_of_one, most_waiting: Math.min(most_waiting, Math.max(0, Math.floor(number - places))) }
}

const rejectAtAbort = async (signal: AbortSignal): Promise<never> => {
  await once(signal, 'abort')
  throw signal.reason
}

/** A task that waits for a place. */
interface Waiting {
  readonly destination: string
  readonly start: () => void
}

/** Runs tasks in order, a limited number at the same time. A task whose signal is aborted leaves its place. */
export function createQueue({ most, most_of_one, most_waiting }: Bounds) {
  /** Destinations of the tasks in progress. */
  const running: string[] = []
  const waiting = new Set<Waiting>()
  const hasPlace = (destination: string) =>
    running.length < most && running.filter((other) => other === destination).length < most_of_one
  const start = async (destination: string, signal: AbortSignal) => {
    if (hasPlace(destination)) {
      running.push(destination)
      return
    }
    if (waiting.size >= most_waiting) throw new Error(`${most_waiting} other requests are waiting`)
    await new Promise<void>((resolve, reject) => {
      const entry = { destination, start: resolve }
      waiting.add(entry)
      signal.addEventListener('abort', () => waiting.delete(entry) && reject(signal.reason), { once: true })
    })
  }
  const end = (destination: string) => {
    running.splice(running.indexOf(destination), 1)
    for (const entry of waiting) {
      if (!hasPlace(entry.destination)) continue
      waiting.delete(entry)
      running.push(entry.destination)
      entry.start()
    }
  }
  return async <T>(destination: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    await start(destination, signal)
    return Promise.race([task(), rejectAtAbort(signal)]).finally(() => end(destination))
  }
}

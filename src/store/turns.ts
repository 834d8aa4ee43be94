/** Turns: work that takes milliseconds is done in one piece per round of the event loop, between which other requests run. */
import { setImmediate } from 'node:timers/promises'

/** Resolves in a round of the event loop of its own. */
export type Turn = () => Promise<void>

/** Creates a queue of turns. */
export function createTurns(): Turn {
  let last: Promise<void> = Promise.resolve()
  return () => {
    last = last.then(() => setImmediate())
    return last
  }
}

/** The clock of an issuer, from a test's point of view: every lifetime is over when this clock says so. */
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** How the clock stands. */
export interface ClockAnswer {
  /** Seconds since the epoch. */
  readonly now: number
  /** The same as RFC 3339 writes it. */
  readonly iso: string
  readonly frozen: boolean
  /** Seconds ahead of the real time; below zero, behind. */
  readonly ahead: number
}

/** Every call answers with how the clock stands after it, and throws an `AdminError` if it is refused. */
export interface ClockHandle {
  now(): Promise<ClockAnswer>
  /** Sets the time: seconds since the epoch, or a time such as `2030-01-01T00:00:00Z`. A frozen clock stays frozen. */
  set(now: number | string): Promise<ClockAnswer>
  /** Moves the time: seconds, or a text such as `1h30m`; forward, or with `-` before it backward. */
  advance(by: number | string): Promise<ClockAnswer>
  /** Stops the time, here or at the given one (as for `set`). */
  freeze(at?: number | string): Promise<ClockAnswer>
  /** Lets the time go on from where it stands. */
  resume(): Promise<ClockAnswer>
  /** Goes back to what the configuration says, else to the real time. */
  reset(): Promise<ClockAnswer>
}

export const createClockHandle = ({ call }: Caller): ClockHandle => ({
  now: () => call('GET', PATHS.clock),
  set: (now) => call('PUT', PATHS.clock, { body: { now } }),
  advance: (by) => call('POST', PATHS.clock_advance, { body: { by } }),
  freeze: (at) => call('POST', PATHS.clock_freeze, { body: at === undefined ? {} : { at } }),
  resume: () => call('POST', PATHS.clock_resume),
  reset: () => call('POST', PATHS.clock_reset),
})

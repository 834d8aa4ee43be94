/** Reads and moves the clock of an issuer. Every lifetime ends by this clock. */
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** The state of the clock. */
export interface ClockAnswer {
  /** Time in seconds since the epoch. */
  readonly now: number
  /** The same time in RFC 3339 format. */
  readonly iso: string
  /** Whether the clock is stopped. */
  readonly frozen: boolean
  /** Seconds ahead of real time; negative if behind. */
  readonly ahead: number
}

/** Every call returns the state of the clock after it. A refused call throws an `AdminError`. */
export interface ClockHandle {
  /** Returns the state of the clock. */
  now(): Promise<ClockAnswer>
  /** Sets the time: seconds since the epoch, or a text such as `2030-01-01T00:00:00Z`. A frozen clock stays frozen. */
  set(now: number | string): Promise<ClockAnswer>
  /** Moves the time by seconds or by a text such as `1h30m`; a leading `-` moves it back. */
  advance(by: number | string): Promise<ClockAnswer>
  /** Stops the clock at its current time or at the given time, in the format of `set`. */
  freeze(at?: number | string): Promise<ClockAnswer>
  /** Starts a frozen clock from its current time. */
  resume(): Promise<ClockAnswer>
  /** Sets the clock to the time of the configuration, or to real time without one. */
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

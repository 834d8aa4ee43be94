/** The time of one issuer. Every decision about time uses this clock, so that it can be moved. */
import { NEVER } from '../store/collections.js'
import type { ClockSetting } from '../store/issuer_records.js'
import type { Store } from '../store/store.js'
import { createCopy } from './copy.js'

/** A source of time. */
export interface Clock {
  /** Returns whole seconds since the epoch, the unit of `exp` and `iat` (RFC 7519 §2, NumericDate). */
  now(): number
}

/** The clock settings of the configuration. */
export interface ClockSettings {
  /** Seconds since the epoch; absent, the real time. */
  readonly start?: number
  readonly frozen: boolean
}

/** The state of a clock. */
export interface ClockStatus {
  /** Seconds since the epoch. */
  readonly now: number
  readonly frozen: boolean
  /** Seconds ahead of the real time; negative, behind. */
  readonly ahead: number
}

/** A clock that can be moved; its state is in the store of the issuer. Times are in seconds since the epoch. */
export interface MovableClock {
  status(): Promise<ClockStatus>
  set(now: number): Promise<void>
  /** Moves the clock forward, or backward by a negative number. A frozen clock stays frozen. */
  advance(seconds: number): Promise<void>
  freeze(): Promise<void>
  /** Lets a frozen clock continue from its time. */
  resume(): Promise<void>
  /** Restores the settings of the configuration. */
  reset(): Promise<void>
}

/** Creates a clock that shows the real time. */
export function createClock(): Clock {
  return { now: () => Math.floor(Date.now() / 1000) }
}

export interface ClockOptions {
  /** Whether other processes write to the store, so that no copy of the setting can be kept. */
  readonly shared: boolean
  /** Default: the clock of the machine. */
  readonly real?: Clock | undefined
}

/** Key of the only record. */
const KEY = 'clock'

/**
 * Creates the clock of an issuer.
 * @param settings returns the current settings; a clock that was not moved follows them.
 */
export function createMovableClock(
  { clock }: Store,
  settings: () => ClockSettings,
  { shared, real = createClock() }: ClockOptions,
): MovableClock {
  const copy = createCopy<ClockSetting | undefined>()
  const read = () => (shared ? clock.get(KEY) : copy.get(() => clock.get(KEY)))
  const update = (change: (record: ClockSetting | undefined) => ClockSetting) => copy.set(clock.update(KEY, change))
  /** Returns the setting of a clock that follows the configuration. */
  const follow = (): ClockSetting => {
    const { start, frozen } = settings()
    const at = real.now()
    return { shown: start ?? at, at, frozen, ...(start !== undefined && { start }), moved: false, expires_at: NEVER }
  }
  const isCurrent = ({ moved, start, frozen }: ClockSetting) =>
    moved || (start === settings().start && frozen === settings().frozen)
  const isReal = () => settings().start === undefined && !settings().frozen
  const current = async (): Promise<ClockSetting> => {
    const kept = await read()
    if (kept !== undefined && isCurrent(kept)) return kept
    // The real time needs no record.
    if (kept === undefined && isReal()) return follow()
    const started = follow()
    return (await update((record) => (record !== undefined && isCurrent(record) ? record : started)))!
  }
  const timeOf = ({ shown, at, frozen }: ClockSetting, now = real.now()) => (frozen ? shown : shown + now - at)
  const move = async (
    change: (now: number, frozen: boolean) => { readonly shown: number; readonly frozen: boolean },
  ) => {
    await update((kept) => {
      const before = kept !== undefined && isCurrent(kept) ? kept : follow()
      const { shown, frozen } = change(timeOf(before), before.frozen)
      return { shown, frozen, at: real.now(), moved: true, expires_at: NEVER }
    })
  }
  return {
    status: async () => {
      const setting = await current()
      // Two readings can differ by a second, so both members use the same one.
      const real_now = real.now()
      const now = timeOf(setting, real_now)
      return { now, frozen: setting.frozen, ahead: now - real_now }
    },
    set: (shown) => move((_now, frozen) => ({ shown, frozen })),
    advance: (seconds) => move((now, frozen) => ({ shown: now + seconds, frozen })),
    freeze: () => move((now) => ({ shown: now, frozen: true })),
    resume: () => move((now) => ({ shown: now, frozen: false })),
    reset: async () => {
      await clock.clear()
      copy.forget()
    },
  }
}

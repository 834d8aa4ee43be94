/** The time of one issuer. Every decision about time asks this clock, so that it can be moved. */

export interface Clock {
  /** Seconds since the epoch, whole: the unit of `exp` and `iat` (RFC 7519 §2, NumericDate). */
  now(): number
}

/** What the configuration says of the time. */
export interface ClockSettings {
  /** Seconds since the epoch; left out, the real time. */
  readonly start?: number
  readonly frozen: boolean
}

/** How a clock stands. */
export interface ClockStatus {
  /** Seconds since the epoch. */
  readonly now: number
  readonly frozen: boolean
  /** Seconds ahead of the real time; below zero, behind. */
  readonly ahead: number
}

/** A clock that can be moved. Times are in seconds since the epoch. */
export interface MovableClock extends Clock {
  status(): ClockStatus
  set(now: number): void
  /** Forward, or backward below zero, by seconds. A frozen clock stays frozen. */
  advance(seconds: number): void
  freeze(): void
  /** It goes on from where it stands. */
  resume(): void
  /** Back to what the configuration says. */
  reset(): void
}

/** A clock that shows the real time. */
export function createClock(): Clock {
  return { now: () => Math.floor(Date.now() / 1000) }
}

/** How a clock was last set: it showed `shown` at the real time `at`. */
interface Setting {
  readonly shown: number
  readonly at: number
  readonly frozen: boolean
}

/** @param settings what the configuration says now; a clock that nobody moved follows it. */
export function createMovableClock(settings: () => ClockSettings): MovableClock {
  const real = createClock()
  const begin = ({ start, frozen }: ClockSettings): Setting => {
    const at = real.now()
    return { shown: start ?? at, at, frozen }
  }
  let followed = settings()
  let setting = begin(followed)
  let moved = false
  const current = (): Setting => {
    const said = settings()
    if (!moved && (said.start !== followed.start || said.frozen !== followed.frozen)) setting = begin(said)
    followed = said
    return setting
  }
  const now = () => {
    const { shown, at, frozen } = current()
    return frozen ? shown : shown + real.now() - at
  }
  const move = (shown: number, frozen = current().frozen) => {
    setting = { shown, at: real.now(), frozen }
    moved = true
  }
  return {
    now,
    status: () => ({ now: now(), frozen: current().frozen, ahead: now() - real.now() }),
    set: (shown) => move(shown),
    advance: (seconds) => move(now() + seconds),
    freeze: () => move(now(), true),
    resume: () => move(now(), false),
    reset: () => {
      moved = false
      followed = settings()
      setting = begin(followed)
    },
  }
}

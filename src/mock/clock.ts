/** The time of one issuer. Every decision about time asks this clock, so that it can be moved. */

export interface Clock {
  /** Seconds since the epoch, whole: the unit of `exp` and `iat` (RFC 7519 §2, NumericDate). */
  now(): number
}

/** A clock that shows the real time. */
export function createClock(): Clock {
  return { now: () => Math.floor(Date.now() / 1000) }
}

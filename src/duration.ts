/** Durations and times, such as `15m` and RFC 3339 timestamps: readers, and texts for messages. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Maximum duration: a hundred years, in seconds. */
export const LONGEST_DURATION = 3_155_760_000

/** Returns the seconds of a number of seconds or of a valid text such as `15m` or `1h30m`. */
export function parseDuration(value: number | string): number {
  if (typeof value === 'number') return value
  let seconds = 0
  for (const [, count, unit] of value.matchAll(/(\d+)([smhdw])/g)) seconds += Number(count) * UNITS[unit!]!
  return seconds
}

/** Like `parseDuration`; undefined for durations over a hundred years. */
export function findDuration(value: number | string): number | undefined {
  const seconds = parseDuration(value)
  return seconds <= LONGEST_DURATION ? seconds : undefined
}

/** The last second of the year 9999, in seconds since the epoch. RFC 3339 §5.6: years have four digits. */
export const LATEST_TIME = 253_402_300_799

/** Returns seconds since the epoch for such a number or an RFC 3339 timestamp; NaN for an invalid time. */
export function parseTime(value: number | string): number {
  return typeof value === 'number' ? value : Math.floor(Date.parse(value) / 1000)
}

const IN_WORDS = new Intl.RelativeTimeFormat('en')
const LARGEST_UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const
/** The latest time of a Date, in seconds since the epoch. ECMA-262 §21.4.1.1. */
const DATE_LIMIT = 8_640_000_000_000

/**
 * Describes a time for a message, such as `3 minutes ago, at 2026-01-31T12:00:00Z`.
 * @param time seconds since the epoch.
 * @param now the time of the request, in seconds since the epoch.
 */
export function describeTime(time: number, now: number): string {
  const at = Math.trunc(Math.min(Math.max(time, -DATE_LIMIT), DATE_LIMIT))
  const seconds = at - now
  const [unit, length] = LARGEST_UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ['second', 1]
  const words = IN_WORDS.format(Math.trunc(seconds / length), unit)
  return `${words === 'in 0 seconds' ? 'just now' : words}, at ${new Date(at * 1000).toISOString().replace('.000Z', 'Z')}`
}

/** Returns the milliseconds of a number of seconds or of a valid text such as `200ms` or `1m30s`. */
export function parseDelay(value: number | string): number {
  if (typeof value === 'number') return value * 1000
  let milliseconds = 0
  for (const [, count, unit] of value.matchAll(/(\d+)(ms|s|m|h)/g)) {
    milliseconds += Number(count) * (unit === 'ms' ? 1 : UNITS[unit!]! * 1000)
  }
  return milliseconds
}

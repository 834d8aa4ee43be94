/** Durations as people write them. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** A hundred years, in seconds. */
export const LONGEST_DURATION = 3_155_760_000

/** Seconds of a number of seconds or of a text such as `15m` or `1h30m`, which the schema has let pass. */
export function parseDuration(value: number | string): number {
  if (typeof value === 'number') return value
  let seconds = 0
  for (const [, count, unit] of value.matchAll(/(\d+)([smhdw])/g)) seconds += Number(count) * UNITS[unit!]!
  return seconds
}

/** As `parseDuration`; undefined where it is more than a hundred years. */
export function findDuration(value: number | string): number | undefined {
  const seconds = parseDuration(value)
  return seconds <= LONGEST_DURATION ? seconds : undefined
}

/** The last second of the year 9999, in seconds since the epoch: RFC 3339 §5.6 writes years with four digits. */
export const LATEST_TIME = 253_402_300_799

/** Seconds since the epoch, of such a number or of a time as RFC 3339 writes it; not a number where there is no such time. */
export function parseTime(value: number | string): number {
  return typeof value === 'number' ? value : Math.floor(Date.parse(value) / 1000)
}

/** Milliseconds of a number of seconds or of a text such as `200ms` or `1m30s`, which the schema has let pass. */
export function parseDelay(value: number | string): number {
  if (typeof value === 'number') return value * 1000
  let milliseconds = 0
  for (const [, count, unit] of value.matchAll(/(\d+)(ms|s|m|h)/g)) {
    milliseconds += Number(count) * (unit === 'ms' ? 1 : UNITS[unit!]! * 1000)
  }
  return milliseconds
}

/** Durations as people write them. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds of a number of seconds or of a text such as `15m` or `1h30m`, which the schema has let pass. */
export function parseDuration(value: number | string): number {
  if (typeof value === 'number') return value
  let seconds = 0
  for (const [, count, unit] of value.matchAll(/(\d+)([smhdw])/g)) seconds += Number(count) * UNITS[unit!]!
  return seconds
}

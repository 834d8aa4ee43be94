/** The bound on the nesting of JSON: deeper values could not be serialized again. */

/** Largest number of objects and lists in one another. */
export const MAX_DEPTH = 100

/** Tells whether objects and lists nest too deep; level by level, because recursion would fail on such values. */
export function isTooDeep(value: object): boolean {
  let depth = 0
  for (let level: object[] = [value]; level.length > 0 && depth <= MAX_DEPTH; depth += 1) {
    level = level
      .flatMap((one): unknown[] => Object.values(one))
      .filter((one): one is object => typeof one === 'object' && one !== null)
  }
  return depth > MAX_DEPTH
}

/** Suggests a known word for an unknown one. */
import { closest, distance } from 'fastest-levenshtein'

/** Returns the candidate nearest to the word, unless all candidates are too different. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const plain = snakeCase(word)
  const byForm = new Map(candidates.map((candidate) => [snakeCase(candidate), candidate]))
  const nearest = closest(plain, [...byForm.keys()])
  // A third of the letters can differ; two in a short word, such as `url` for `uris`.
  const tolerance = Math.max(2, Math.floor(plain.length / 3))
  const near = distance(plain, nearest) <= Math.min(tolerance, plain.length - 1)
  return near ? byForm.get(nearest) : longer(plain, byForm)
}

/** Largest number of names among which a similar one is searched for. */
const MOST_COMPARED = 1000

/** Returns the listed name nearest to another one, unless there are too many names to compare or all are too different. */
export function suggestListed(
  name: string,
  listed: ReadonlySet<string> | ReadonlyMap<string, unknown>,
): string | undefined {
  return listed.size > MOST_COMPARED ? undefined : suggest(name, [...listed.keys()])
}

/** Returns the only candidate that contains the word: `initial_access_token` for `token`. */
function longer(plain: string, byForm: ReadonlyMap<string, string>): string | undefined {
  const found = [...byForm.keys()].filter((form) => plain !== '' && `_${form}_`.includes(`_${plain}_`))
  return found.length === 1 ? byForm.get(found[0]!) : undefined
}

/** Converts `clientId`, `client-id` and `CLIENT_ID` to snake case. */
function snakeCase(word: string): string {
  return word
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
}

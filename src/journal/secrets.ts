/** The secrets of an entry: noted under their names, then masked wherever they occur. */
import { HIDDEN } from '../errors.js'

/** Shorter secrets are masked only under their name: elsewhere they can be part of a word. */
const SHORTEST_SECRET = 8
/** Number of first characters by which a secret is found. The search then takes a bounded time for each character. */
const LONGEST_START = 64
/** Largest number of compared secrets with the same first characters; more are found by these characters alone. */
const MOST_ALIKE = 8
/** Largest number of secrets of an entry. An entry with more shows none of its texts. */
export const MOST_SECRETS = 200

/** Notes a value as a secret. Other values than texts are none. */
export type Note = (value: unknown) => void

export interface Secrets {
  readonly note: Note
  /** Tells whether more secrets were noted than are masked. */
  overflow(): boolean
  /**
   * Creates a function that masks the noted secrets in a text, unless the text is an open value.
   * @param isCut whether a secret can be the beginning of one that was cut; the rest of its word is masked too.
   */
  createReplacer(isCut: boolean): (text: string) => string
}

/** @param open values that are shown, such as the client's identifier. */
export function createSecrets(open: readonly (string | undefined)[]): Secrets {
  const noted = new Set<string>()
  return {
    note(value) {
      if (typeof value !== 'string' || value.length < SHORTEST_SECRET || open.includes(value)) return
      if (noted.size <= MOST_SECRETS) noted.add(value)
    },
    overflow: () => noted.size > MOST_SECRETS,
    createReplacer(isCut) {
      const replace = createReplacer(noted, isCut)
      return (text) => (open.includes(text) ? text : replace(text))
    },
  }
}

/** The first characters of a secret, and the number of characters to mask. */
interface Start {
  readonly text: string
  readonly length: number
}

/** Creates a function that replaces secrets in a text, the longest first, in one pass. */
function createReplacer(secrets: ReadonlySet<string>, isCut: boolean): (text: string) => string {
  const restOfWord = /[^\s&"'<>#;,]*/y
  const startsBy = groupStarts(secrets)
  // Most characters begin no secret; a table by their last eight bits finds that in the shortest time.
  const firsts = new Uint8Array(256)
  for (const start of startsBy.keys()) firsts[start.charCodeAt(0) & 255] = 1
  return (text) => {
    let result = ''
    let copied = 0
    for (let index = 0; index <= text.length - SHORTEST_SECRET; index += 1) {
      if (firsts[text.charCodeAt(index) & 255] === 0) continue
      const starts = startsBy.get(text.slice(index, index + SHORTEST_SECRET))
      const found = starts?.find((start) => text.startsWith(start.text, index))
      if (found === undefined) continue
      result += text.slice(copied, index) + HIDDEN
      copied = index + found.length
      restOfWord.lastIndex = copied
      if (isCut) copied += restOfWord.exec(text)![0].length
      index = copied - 1
    }
    return copied === 0 ? text : result + text.slice(copied)
  }
}

/** Returns the starts of the secrets by their first characters, the longest first. */
function groupStarts(secrets: ReadonlySet<string>): ReadonlyMap<string, readonly Start[]> {
  const lengths = new Map<string, Map<string, number>>()
  for (const secret of secrets) {
    const first = secret.slice(0, SHORTEST_SECRET)
    const alike = lengths.get(first) ?? new Map<string, number>()
    const start = secret.slice(0, LONGEST_START)
    lengths.set(first, alike.set(start, Math.max(secret.length, alike.get(start) ?? 0)))
  }
  return new Map([...lengths].map(([first, alike]) => [first, startsOf(first, alike)]))
}

function startsOf(first: string, alike: ReadonlyMap<string, number>): readonly Start[] {
  if (alike.size > MOST_ALIKE) return [{ text: first, length: Math.max(...alike.values()) }]
  const starts = [...alike].map(([text, length]) => ({ text, length }))
  return starts.sort((one, other) => other.text.length - one.text.length)
}

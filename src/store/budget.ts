/** The memory that one issuer takes of the budget of the process. */

import { createTurns, type Turn } from './turns.js'

/** Something that takes memory and can free it: the records or the journal of an issuer. */
export interface Holder {
  /** Removes the oldest record. Returns false if there is none. */
  removeOldest(): boolean
  /** Removes every record. */
  clear(): void
}

export interface Budget {
  /** Largest number of bytes for one record, and for all records of one collection. */
  readonly share: number
  /**
   * Takes memory, after older records have made room for it.
   * @throws 413 if the bytes are more than a record may take, 507 if there is no room.
   */
  charge(bytes: number): void
  /** Gives memory back. */
  release(bytes: number): void
  /** Turns in which long work on the records of all issuers is done. */
  readonly turn: Turn
  /** Adds a holder. The holder that was added first makes room first. */
  register(holder: Holder): void
}

/** Bytes of a JSON value in memory: its text, and the values that reading the text creates. */
export function sizeOf(json: string): number {
  let size = 0
  let width = 1
  let quoted = false
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index)
    // V8 stores a text with one byte for each character if it has Latin-1 characters only, else with two.
    if (code > 0xff) width = 2
    else if (code === BACKSLASH) index += 1
    else if (code === QUOTE) quoted = !quoted
    else if (!quoted) size += SIZES[code]!
  }
  return size + json.length * width
}

const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)
/** Bytes by Latin-1 sign: of an object or array, of a member with its key, and of an element; measured with `process.memoryUsage()`. */
const SIZES = new Uint8Array(256)
for (const [sign, size] of Object.entries({ '{': 64, '[': 64, ':': 64, ',': 8 })) SIZES[sign.charCodeAt(0)] = size

/** Copies a text: a part of a longer text, such as of the body of a request, keeps the whole text in memory. */
export const copyOf = (text: string): string => JSON.parse(JSON.stringify(text))

/** Largest number of bytes for one record or collection, whatever the limit is: an administrator can list a collection. */
export const LARGEST_SHARE = 32 * 1024 * 1024

/** A budget for one store alone, such as in a test. */
export const unlimited = (): Budget => ({
  share: LARGEST_SHARE,
  turn: createTurns(),
  charge: () => undefined,
  release: () => undefined,
  register: () => undefined,
})

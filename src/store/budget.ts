/** The memory that one issuer takes of the budget of the process. */

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
  /** Adds a holder. The holder that was added first makes room first. */
  register(holder: Holder): void
}

/** Bytes of a JSON value in memory: its text, and the objects and members that reading the text creates. */
export function sizeOf(json: string): number {
  let nodes = 1
  let width = 1
  let quoted = false
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index)
    // V8 stores a text with one byte for each character if it has Latin-1 characters only, else with two.
    if (code > 0xff) width = 2
    else if (code === BACKSLASH) index += 1
    else if (code === QUOTE) quoted = !quoted
    else if (!quoted && (code === COMMA || code === BRACKET || code === BRACE)) nodes += 1
  }
  return json.length * width + nodes * NODE
}

const [QUOTE, COMMA, BRACKET, BACKSLASH, BRACE] = [...'",[\\{'].map((one) => one.charCodeAt(0))
/** Bytes of an object, or of a member with its key; measured with `process.memoryUsage()`. */
const NODE = 64

/** A budget for one store alone, such as in a test. */
export const unlimited = (): Budget => ({
  share: 16 * 1024 * 1024,
  charge: () => undefined,
  release: () => undefined,
  register: () => undefined,
})

/** The JSON texts of entries that readers receive: written once for all readers, in pieces that let other requests run. */
import { setImmediate } from 'node:timers/promises'
import { decodeEntry } from './decode.js'
import { maskEntry } from './masking.js'
import { readStored, type StoredEntry } from './stored.js'

/** Returns the JSON of an entry as readers receive it. */
export type WriteEntry = (entry: StoredEntry) => string

/** Largest number of characters of the texts that are kept for the next reader. */
const MOST_CHARACTERS = 4 * 1024 * 1024
/** Number of characters after which other requests run, and what an entry counts besides its own. */
const PIECE = 100_000
const LEAST = 5_000

export const writeMasked: WriteEntry = (entry) => JSON.stringify(maskEntry(decodeEntry(readStored(entry))))
export const writeWithSecrets: WriteEntry = (entry) => JSON.stringify(decodeEntry(readStored(entry)))

/** Creates a function that writes each entry once: all its readers share the text. */
export function shareTexts(write: WriteEntry): WriteEntry {
  const texts = new Map<StoredEntry, string>()
  let size = 0
  return (entry) => {
    const known = texts.get(entry)
    if (known !== undefined) return known
    const text = write(entry)
    texts.set(entry, text)
    size += text.length
    for (const [oldest, { length }] of texts) {
      if (size <= MOST_CHARACTERS) break
      texts.delete(oldest)
      size -= length
    }
    return text
  }
}

/** Creates a function to await after each entry, with its characters; it lets other requests run after some of them. */
export function createPacer(): (characters: number) => Promise<void> {
  let read = 0
  return async (characters) => {
    read += LEAST + characters
    if (read < PIECE) return
    read = 0
    await setImmediate()
  }
}

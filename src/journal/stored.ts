/** An entry as the journal keeps it: one text, so that its size is known, and the members that filters read. */
import type { RecordedEntry } from './entry.js'

/** An entry in the journal. */
export interface StoredEntry extends Pick<RecordedEntry, 'endpoint' | 'client_id' | 'sub' | 'flow_id'> {
  readonly id: number
  readonly status?: number
  /** Events of the remarks. */
  readonly events: readonly string[]
  /** Names of the applied faults. */
  readonly faults: readonly string[]
  /** The recorded entry as JSON. */
  readonly json: string
}

/** Returns the entry as it is kept. */
export function storeEntry(entry: RecordedEntry): StoredEntry {
  const { id, endpoint, client_id, sub, flow_id, response, remarks, faults } = entry
  const members = {
    ...{ id, endpoint, client_id, sub, flow_id },
    status: response?.status,
    events: remarks.map(({ event }) => event),
    faults: faults.map(({ fault }) => fault),
  }
  // Copied by JSON: a part of a request is a slice that would keep the whole request in memory.
  return { ...JSON.parse(JSON.stringify(members)), json: JSON.stringify(entry) }
}

/** Returns the entry as it was recorded. */
export const readStored = ({ json }: StoredEntry): RecordedEntry => JSON.parse(json)

/** Characters, and bytes, of an entry besides its text: objects, numbers and names. */
const OVERHEAD = 500

/** Characters of an entry. */
export const lengthOf = ({ json }: StoredEntry): number => OVERHEAD + json.length

/** Bytes of an entry in memory. V8 stores a text with one byte for each character if it has Latin-1 characters only. */
export const bytesOf = ({ json }: StoredEntry): number =>
  OVERHEAD + json.length * (/[\u0100-\uffff]/.test(json) ? 2 : 1)

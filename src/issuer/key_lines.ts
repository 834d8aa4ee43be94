/** Lines of signing keys: which key of an entry signs, which one follows, and how long a retired one is published. Pure. */
import type { DecryptionKey, GeneratedDecryptionKey, GeneratedKey, SigningKey, Snapshot } from '../config/snapshot.js'
import type { Alg } from '../generated/types.js'
import { NEVER } from '../store/collections.js'
import type { KeyLines, KeyTurn } from '../store/issuer_records.js'

/** Largest number of published keys of an entry; the longest retired key is dropped first. */
export const MOST_KEYS = 20

export const NO_LINES: KeyLines = { first: {}, lines: {}, expires_at: NEVER }

/** An entry of `keys` or `encryption_keys` with an identifier that stays the same while the entry does not change. */
export interface KeyEntry {
  readonly id: string
  readonly key: SigningKey | GeneratedKey | DecryptionKey | GeneratedDecryptionKey
}

/** A key that has to be generated: the first one of an entry, or the next one of its line. */
export interface MissingKey {
  readonly entry: KeyEntry
  /** Absent for the first key. */
  readonly signs_from?: number
}

/** Returns the entries with their identifiers: the `kid` of a configured key; algorithm, `kid` and position of a generated one. */
export function identifyEntries(keys: readonly KeyEntry['key'][]): KeyEntry[] {
  const seen = new Map<string, number>()
  return keys.map((key) => {
    const name = JSON.stringify([key.alg, key.kid ?? null, 'generate' in key])
    const position = seen.get(name) ?? 0
    seen.set(name, position + 1)
    return { id: `${name} ${position}`, key }
  })
}

/** Returns the identifiers of the entries that sign: the first one of each algorithm. */
export function listSigners({ keys }: Snapshot): string[] {
  const entries = identifyEntries(keys)
  const isFirst = ({ key }: KeyEntry, index: number) => entries.findIndex((one) => one.key.alg === key.alg) === index
  return entries.filter(isFirst).map(({ id }) => id)
}

/** Brings the lines to the present: retired keys are dropped, and missing ones are listed. */
export function settle(
  record: KeyLines,
  snapshot: Snapshot,
  now: number,
): { readonly record: KeyLines; readonly missing: readonly MissingKey[]; readonly changed: boolean } {
  const missing: MissingKey[] = identifyEntries(snapshot.encryption_keys)
    .filter(({ id, key }) => 'generate' in key && record.first[id] === undefined)
    .map((entry) => ({ entry }))
  const lines = { ...record.lines }
  const signers = listSigners(snapshot)
  let changed = false
  for (const entry of identifyEntries(snapshot.keys)) {
    const before = lines[entry.id] ?? beginLine(record, entry, now)
    if (before === undefined) {
      missing.push({ entry })
      continue
    }
    const line = retire(before, snapshot, now)
    if (signers.includes(entry.id))
      missing.push(...listDue(line, snapshot, now).map((due) => ({ entry, signs_from: due })))
    changed ||= lines[entry.id] !== line
    lines[entry.id] = line
  }
  return { record: changed ? { ...record, lines } : record, missing, changed }
}

/** Begins the line of an entry with its first key; undefined if the key is not generated yet. */
function beginLine({ first }: KeyLines, { id, key }: KeyEntry, now: number): readonly KeyTurn[] | undefined {
  const turn = { signs_from: now, published: true, longest: 0 }
  if (!('generate' in key)) return [{ ...turn, kid: key.kid }]
  const generated = first[id]
  return generated && [{ ...turn, ...generated }]
}

/** Updates the longest lifetime of the current key's tokens, and drops retired keys whose tokens have expired. */
function retire(line: readonly KeyTurn[], { lifetimes }: Snapshot, now: number): readonly KeyTurn[] {
  const current = currentIn(line, now)
  const longest = Math.max(line[current]!.longest, lifetimes.access_token, lifetimes.id_token)
  const updated =
    longest === line[current]!.longest
      ? line
      : line.map((turn, index) => (index === current ? { ...turn, longest } : turn))
  const gone = updated.findIndex((_turn, index) => index === current || !isOver(updated, index, now))
  return gone === 0 ? updated : updated.slice(gone)
}

const isOver = (line: readonly KeyTurn[], index: number, now: number) =>
  line.length - index > MOST_KEYS || publishedUntil(line, index) <= now

/** Lists the times of the rotations that are due by now. Rotations that were missed are skipped. */
function listDue(
  line: readonly KeyTurn[],
  { key_rotation: { period, publish_ahead } }: Snapshot,
  now: number,
): number[] {
  if (period === undefined) return []
  const due: number[] = []
  let last = line.at(-1)!.signs_from
  for (;;) {
    last += period * Math.max(1, Math.floor((now - last) / period))
    if (last - publish_ahead > now) return due
    due.push(last)
  }
}

/** Inserts a turn into a line, in the order of `signs_from`. */
export function insertTurn(line: readonly KeyTurn[], turn: KeyTurn): KeyTurn[] {
  const place = line.findLastIndex(({ signs_from }) => signs_from <= turn.signs_from) + 1
  return line.toSpliced(place, 0, turn)
}

/** Returns the position of the key that signs. Before the first turn, such as with a clock set back, the first key signs. */
export function currentIn(line: readonly KeyTurn[], now: number): number {
  return Math.max(
    0,
    line.findLastIndex(({ signs_from }) => signs_from <= now),
  )
}

/** Removes the keys that do not sign yet, so that none of them takes over from a newer key. */
export const dropPending = (line: readonly KeyTurn[], now: number): readonly KeyTurn[] =>
  line.slice(0, currentIn(line, now) + 1)

/** Returns the time until which a retired key is published: until its last token has expired. */
export function publishedUntil(line: readonly KeyTurn[], index: number): number {
  return line[index + 1]!.signs_from + line[index]!.longest
}

/** Returns the turns in the order of the JWKS: the key that signs, the following keys, the retired keys. */
export function inOrder(line: readonly KeyTurn[], now: number): KeyTurn[] {
  const current = currentIn(line, now)
  return [...line.slice(current), ...line.slice(0, current)]
}

/** The state of a signing key; times in seconds since the epoch. */
export interface KeyStatus {
  readonly kid: string
  readonly alg: Alg
  /** A spare key does not sign, because an earlier entry has the same algorithm. */
  readonly status: 'current' | 'next' | 'retired' | 'spare'
  /** Whether the key is in the JWKS. */
  readonly published: boolean
  /** Time from which a next key signs. */
  readonly signs_from?: number
  /** Time from which a next key signs in place of the current one. */
  readonly signs_until?: number
  /** Time until which a retired key is published. */
  readonly published_until?: number
}

/** Returns the status of each key of a line, in the order of the JWKS. */
export function describeLine(line: readonly KeyTurn[], alg: Alg, now: number, isSpare: boolean): KeyStatus[] {
  const current = currentIn(line, now)
  return inOrder(line, now).map((turn) => {
    const { kid, published, signs_from } = turn
    const index = line.indexOf(turn)
    if (index > current) return { kid, alg, status: 'next', published, signs_from }
    if (index === current) {
      const next = line[index + 1]
      const until = next && { signs_until: next.signs_from }
      return { kid, alg, status: isSpare ? 'spare' : 'current', published, ...until }
    }
    const published_until = publishedUntil(line, index)
    return { kid, alg, status: 'retired', published, ...(published && { published_until }) }
  })
}

/** The keys of one issuer as one request sees them: configured keys, generated keys, and their rotation. */
import type { DecryptionKey, SigningKey, Snapshot } from '../config/snapshot.js'
import type { Alg } from '../generated/types.js'
import type { Journal } from '../journal/journal.js'
import type { GeneratedKeyName, KeyLines, KeyTurn } from '../store/issuer_records.js'
import type { Store } from '../store/store.js'
import { cached, type KeyCache, loadStoredKey, type NewKey, storeKey } from './generated_keys.js'
import {
  currentIn,
  describeLine,
  dropPending,
  identifyEntries,
  inOrder,
  insertTurn,
  type KeyEntry,
  type KeyStatus,
  listSigners,
  type MissingKey,
  MOST_KEYS,
  NO_LINES,
  settle,
} from './key_lines.js'
import type { NewKeys } from './new_keys.js'

export interface Rotation {
  /** Default: every algorithm. */
  readonly alg?: Alg | undefined
  /** Seconds for which a new key is published before it signs. */
  readonly publish_ahead: number
  /** Whether the previous keys are removed from the JWKS. */
  readonly withdraw?: boolean
  /** Identifier of the new key; an existing key with it is removed from the JWKS. Default: its thumbprint (RFC 7638). */
  readonly kid?: string | undefined
  /** Whether the new key is in the JWKS; default: true. */
  readonly published?: boolean
}

export interface Keys {
  /** Returns all signing keys. Of several with the same `alg`, the first one signs. */
  signing(): Promise<readonly SigningKey[]>
  /** Returns the signing keys of the JWKS. */
  published(): Promise<readonly SigningKey[]>
  /** Returns the keys that clients encrypt to, in the order of the configuration. */
  decryption(): Promise<readonly DecryptionKey[]>
  /** Returns the status of every signing key. */
  status(): Promise<readonly KeyStatus[]>
  /** Schedules new signing keys. One that signs at once replaces pending ones. Returns every key's status, or undefined if too many rotations are pending. */
  rotate(rotation: Rotation): Promise<readonly KeyStatus[] | undefined>
  /** Removes a key from the JWKS; it may still sign. Returns every key's status, or undefined for an unknown `kid`. */
  withdraw(kid: string): Promise<readonly KeyStatus[] | undefined>
  /** Restores the first keys, all of them published. */
  reset(): Promise<void>
}

export interface KeyOptions {
  readonly store: Store
  readonly snapshot: Snapshot
  readonly journal: Journal
  /** Seconds since the epoch. */
  readonly now: number
  readonly cache: KeyCache
  readonly new_keys: NewKeys
  /** Whether the first keys are those of this issuer only. */
  readonly own_keys: boolean
}

/** Key of the only record of lines. */
const LINES = 'lines'

export function createKeys({ store, snapshot, journal, now, cache, new_keys, own_keys }: KeyOptions): Keys {
  const entries = identifyEntries(snapshot.keys)
  let known: KeyLines | undefined
  /** Changes the lines, and deletes the keys that no line has any more. */
  const update = async (change: (record: KeyLines) => KeyLines): Promise<KeyLines> => {
    let before = NO_LINES
    const after = (await store.key_lines.update(LINES, (record = NO_LINES) => {
      before = record
      return change(record)
    }))!
    const kept = listKeyIds(after)
    for (const key_id of listKeyIds(before)) if (!kept.has(key_id)) await store.generated_keys.delete(key_id)
    known = after
    return after
  }

  /** Returns the lines of this moment, read once per request; generates missing keys first. */
  const read = async (): Promise<KeyLines> => {
    let record = known ?? (await store.key_lines.get(LINES)) ?? NO_LINES
    for (;;) {
      const { missing, changed } = settle(record, snapshot, now)
      if (missing.length > 0) record = await generate(missing)
      else if (changed) record = await update((current) => settle(current, snapshot, now).record)
      else {
        known = record
        return record
      }
    }
  }

  const make = ({ entry, signs_from }: MissingKey): Promise<NewKey> => {
    const { alg, kid } = entry.key
    if (signs_from !== undefined) return new_keys.generate(alg, undefined)
    return own_keys ? new_keys.generate(alg, kid) : new_keys.first(entry)
  }

  /** Generates keys, once for all requests at the same time, and adds them unless another process was first. */
  const generate = async (missing: readonly MissingKey[]): Promise<KeyLines> => {
    const made = await Promise.all(
      missing.map(async (wanted): Promise<MadeKey> => {
        return {
          ...wanted,
          key: await cached(cache, nameOf(wanted), async () => storeKey(store, cache, await make(wanted))),
        }
      }),
    )
    let added: MadeKey[] = []
    const record = await update((current) => {
      const settled = settle(current, snapshot, now)
      const stillMissing = new Set(settled.missing.map(nameOf))
      added = made.filter((one) => stillMissing.has(nameOf(one)))
      return settle(added.reduce(addKey, settled.record), snapshot, now).record
    })
    for (const one of made) cache.delete(nameOf(one))
    for (const { entry, signs_from, key } of added) {
      if (signs_from !== undefined) await recordRotation(entry.key.alg as Alg, key.kid, signs_from, true)
    }
    return record
  }

  const recordRotation = async (alg: Alg, kid: string, signs_from: number, published: boolean) => {
    const where = published ? '' : ', and is not published'
    const message = `${kid} is new and signs ${alg} from ${new Date(signs_from * 1000).toISOString()}${where}`
    await journal.record(now, 'keys_rotated', message, { alg, kid, signs_from, published })
  }

  const turnsOf = ({ lines }: KeyLines) =>
    entries.flatMap(({ id, key }) => inOrder(lines[id]!, now).map((turn) => ({ key, turn })))

  const load = (turns: readonly { readonly key: KeyEntry['key']; readonly turn: KeyTurn }[]): Promise<SigningKey[]> =>
    Promise.all(
      turns.map(async ({ key, turn: { key_id, kid } }) =>
        key_id === undefined
          ? (key as SigningKey)
          : ((await loadStoredKey(store, cache, { key_id, kid })) as SigningKey),
      ),
    )

  const describe = ({ lines }: KeyLines): KeyStatus[] => {
    const signers = listSigners(snapshot)
    return entries.flatMap(({ id, key }) => describeLine(lines[id]!, key.alg as Alg, now, !signers.includes(id)))
  }

  const changeLines = (change: (line: readonly KeyTurn[]) => readonly KeyTurn[], ids: readonly string[]) =>
    update((current) => {
      const { record } = settle(current, snapshot, now)
      const changed = ids.map((id) => [id, change(record.lines[id]!)])
      return { ...record, lines: { ...record.lines, ...Object.fromEntries(changed) } }
    })

  const unpublish = (kid: string) =>
    changeLines(
      (line) => line.map((turn) => (turn.kid === kid ? { ...turn, published: false } : turn)),
      entries.map(({ id }) => id),
    )

  return {
    signing: async () => load(turnsOf(await read())),
    published: async () => load(turnsOf(await read()).filter(({ turn }) => turn.published)),
    decryption: async () => {
      const { first } = await read()
      return Promise.all(
        identifyEntries(snapshot.encryption_keys).map(async ({ id, key }) =>
          'generate' in key
            ? ((await loadStoredKey(store, cache, first[id]!)) as DecryptionKey)
            : (key as DecryptionKey),
        ),
      )
    },
    status: async () => describe(await read()),
    rotate: async ({ alg, publish_ahead, withdraw = false, kid, published = true }) => {
      const record = await read()
      const signers = listSigners(snapshot)
      const chosen = entries.filter(({ id, key }) => signers.includes(id) && (alg ?? key.alg) === key.alg)
      const isFull = (line: readonly KeyTurn[]) => line.length - currentIn(line, now) >= MOST_KEYS
      if (chosen.some(({ id }) => isFull(record.lines[id]!))) return undefined
      if (kid !== undefined) await unpublish(kid)
      const signs_from = now + publish_ahead
      for (const { id, key } of chosen) {
        const made = await storeKey(store, cache, await new_keys.generate(key.alg, kid))
        await changeLines(
          (line) => {
            const kept = publish_ahead > 0 ? line : dropPending(line, now)
            const next = insertTurn(kept, { ...made, signs_from, published, longest: 0 })
            const current = currentIn(next, now)
            return withdraw ? next.map((turn, index) => (index < current ? { ...turn, published: false } : turn)) : next
          },
          [id],
        )
        await recordRotation(key.alg as Alg, made.kid, signs_from, published)
      }
      return describe(await read())
    },
    withdraw: async (kid) => {
      if (!turnsOf(await read()).some(({ turn }) => turn.kid === kid)) return undefined
      const record = await unpublish(kid)
      await journal.record(now, 'keys_changed', `${kid} is withdrawn from the JWKS`, { kid })
      return describe(record)
    },
    reset: async () => {
      await update((record) => ({ ...record, lines: {} }))
      await journal.record(now, 'keys_changed', 'the keys are those of the start', {})
    },
  }
}

interface MadeKey extends MissingKey {
  readonly key: GeneratedKeyName
}

/** Returns the keys of the generated keys that the record names. */
function listKeyIds({ first, lines }: KeyLines): Set<string> {
  const names = [...Object.values(first), ...Object.values(lines).flat()]
  return new Set(names.flatMap(({ key_id }) => key_id ?? []))
}

const nameOf = ({ entry, signs_from }: MissingKey) => `${entry.id} ${signs_from ?? 'first'}`

/** Adds a generated key: as the first key of its entry, or as the next one of its line. */
function addKey(record: KeyLines, { entry: { id }, signs_from, key }: MadeKey): KeyLines {
  if (signs_from === undefined) return { ...record, first: { ...record.first, [id]: key } }
  const line = insertTurn(record.lines[id]!, { ...key, signs_from, published: true, longest: 0 })
  return { ...record, lines: { ...record.lines, [id]: line } }
}

/** Returns the algorithm of tokens without a chosen one: RS256 if there is such a key, otherwise that of the first key. */
export function defaultAlg(snapshot: Snapshot): Alg {
  const algs = snapshot.keys.map((key) => key.alg)
  return algs.includes('RS256') ? 'RS256' : algs[0]!
}

/** Returns the key that signs with the algorithm, or with the default one if a reload has removed the key of the algorithm. */
export function selectSigningKey(
  snapshot: Snapshot,
  keys: readonly SigningKey[],
  alg: string = defaultAlg(snapshot),
): SigningKey {
  return keys.find((key) => key.alg === alg) ?? selectSigningKey(snapshot, keys)
}

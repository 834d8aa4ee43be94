/** The keys of one issuer: those of the configuration, those it generates for itself, and those that follow them by rotation. */
import { generateKey } from '../config/keys.js'
import type { DecryptionKey, GeneratedDecryptionKey, GeneratedKey, SigningKey, Snapshot } from '../config/snapshot.js'
import type { Alg } from '../generated/types.js'
import type { Journal } from '../journal/journal.js'
import type { Clock } from './clock.js'

/** Where a key is in its life; times in seconds since the epoch. */
export interface KeyStatus {
  readonly kid: string
  readonly alg: Alg
  /** A spare one signs nothing, since an earlier key of the configuration has the same algorithm. */
  readonly status: 'current' | 'next' | 'retired' | 'spare'
  /** Whether the JWKS has it. */
  readonly published: boolean
  /** Of a key that doesn't sign yet. */
  readonly signs_from?: number
  /** Of a key that no longer signs. */
  readonly published_until?: number
}

export interface Rotation {
  /** Left out, every algorithm. */
  readonly alg?: Alg | undefined
  /** Seconds for which a new key is published before it signs. */
  readonly publish_ahead: number
  /** Whether what signed before is published no longer. */
  readonly withdraw?: boolean
  /** Of the new key; a key in line that has it is withdrawn. Left out, the new key's thumbprint (RFC 7638). */
  readonly kid?: string | undefined
  /** Whether the JWKS gets the new key; true unless said otherwise. */
  readonly published?: boolean
}

export interface Keys {
  /** Every signing key. Of several with the same `alg` the first is the one that signs. */
  list(snapshot: Snapshot): Promise<readonly SigningKey[]>
  /** Those of them that the JWKS has. */
  listPublished(snapshot: Snapshot): Promise<readonly SigningKey[]>
  /** Every key of the snapshot that clients encrypt to, in its order. */
  listEncryption(snapshot: Snapshot): Promise<readonly DecryptionKey[]>
  /** Where each key is in its life. */
  tell(snapshot: Snapshot): Promise<readonly KeyStatus[]>
  /** Has new keys follow those that sign, and tells of all in line; undefined, and nothing is done, where too many wait. */
  rotate(snapshot: Snapshot, rotation: Rotation): Promise<readonly KeyStatus[] | undefined>
  /** Takes the key out of the JWKS, and tells of all; undefined where there is none. If it signs, it goes on signing. */
  withdraw(snapshot: Snapshot, kid: string): Promise<readonly KeyStatus[] | undefined>
  /** Goes back to the keys of the start, published all. */
  reset(): void
}

/** How many keys an algorithm may have published; the longest retired go first. */
export const MOST_KEYS = 20

/** A key in a line of keys: it signs until the turn of the next one comes. */
interface Turn {
  readonly key: Promise<SigningKey>
  readonly signs_from: number
  /** Whether the JWKS has it. */
  published: boolean
  /** The longest lifetime, in seconds, of what it may have signed. */
  longest: number
}

type Entry = SigningKey | GeneratedKey

/**
 * Keys of one issuer. They are held by the objects of the snapshot that they come from. A reload keeps the object of an
 * unchanged entry, and so its line of keys and the tokens that these signed; with a changed entry a new line begins.
 */
export function createKeys(clock: Clock, journal: Journal): Keys {
  let lines = new WeakMap<Entry, Turn[]>()
  const firsts = new WeakMap<Entry, Promise<SigningKey>>()
  const decryption = new WeakMap<GeneratedDecryptionKey, Promise<DecryptionKey>>()

  const lineOf = (entry: Entry): Turn[] => {
    const make = () => Promise.resolve('generate' in entry ? generateKey(entry.alg, entry.kid) : entry)
    const key = firsts.get(entry) ?? make()
    firsts.set(entry, key)
    const line = lines.get(entry) ?? [{ key, signs_from: clock.now(), published: true, longest: 0 }]
    lines.set(entry, line)
    return line
  }
  // Whoever comes while the key is being generated finds its turn in the line already, and waits for the same key.
  const append = (line: Turn[], alg: Alg, signs_from: number, published = true, said?: string) => {
    const now = clock.now()
    const key = generateKey(alg, said).then((made) => {
      const { kid } = made
      const details = { alg, kid, signs_from, published }
      const from = new Date(signs_from * 1000).toISOString()
      const where = published ? '' : ', and is not published'
      void journal.record(now, 'keys_rotated', `${kid} is new and signs ${alg} from ${from}${where}`, details)
      return made
    })
    const place = line.findLastIndex((turn) => turn.signs_from <= signs_from) + 1
    line.splice(place, 0, { key, signs_from, published, longest: 0 })
  }
  /** The line of an entry, once everything has been done that its time has come for. */
  const follow = (snapshot: Snapshot, entry: Entry): Turn[] => {
    const { lifetimes, key_rotation } = snapshot
    const { period, publish_ahead } = key_rotation
    const now = clock.now()
    const line = lineOf(entry)
    if (period !== undefined && signersOf(snapshot).includes(entry)) {
      // Twice at most: for the turn that should have come by now, and for the one after it.
      for (let due = nextTurn(line, period, now); due - publish_ahead <= now; due = nextTurn(line, period, now)) {
        append(line, entry.alg, due)
      }
    }
    const current = line[currentIn(line, now)]!
    current.longest = Math.max(current.longest, lifetimes.access_token, lifetimes.id_token)
    while (currentIn(line, now) > 0 && (line.length > MOST_KEYS || publishedUntil(line, 0) <= now)) line.shift()
    return line
  }
  const inTurn = (snapshot: Snapshot) => snapshot.keys.flatMap((entry) => inOrder(follow(snapshot, entry), clock.now()))
  const keysOf = (turns: readonly Turn[]) => Promise.all(turns.map(({ key }) => key))
  const tell = (snapshot: Snapshot) => {
    const signers = signersOf(snapshot)
    const told = snapshot.keys.flatMap((entry) => {
      const line = follow(snapshot, entry)
      const isSpare = !signers.includes(entry)
      return inOrder(line, clock.now()).map((turn) => statusOf(line, turn, clock.now(), isSpare))
    })
    return Promise.all(told)
  }
  const withdraw = async (snapshot: Snapshot, kid: string): Promise<boolean> => {
    const turns = inTurn(snapshot)
    const keys = await keysOf(turns)
    const found = turns.filter((_, index) => keys[index]!.kid === kid)
    for (const turn of found) turn.published = false
    return found.length > 0
  }
  return {
    list: (snapshot) => keysOf(inTurn(snapshot)),
    listPublished: (snapshot) => keysOf(inTurn(snapshot).filter(({ published }) => published)),
    listEncryption: ({ encryption_keys }) => {
      const own = (key: GeneratedDecryptionKey) => {
        const made = decryption.get(key) ?? generateKey(key.alg, key.kid)
        decryption.set(key, made)
        return made
      }
      return Promise.all(encryption_keys.map((key) => ('generate' in key ? own(key) : key)))
    },
    tell,
    rotate: async (snapshot, { alg, publish_ahead, withdraw: gone = false, kid, published }) => {
      const now = clock.now()
      const chosen = signersOf(snapshot).filter((entry) => alg === undefined || entry.alg === alg)
      const isFull = (line: readonly Turn[]) => line.length - currentIn(line, now) >= MOST_KEYS
      if (chosen.some((entry) => isFull(follow(snapshot, entry)))) return undefined
      if (kid !== undefined) await withdraw(snapshot, kid)
      for (const entry of chosen) {
        const line = follow(snapshot, entry)
        append(line, entry.alg, now + publish_ahead, published, kid)
        if (gone) for (const turn of line.slice(0, currentIn(line, now))) turn.published = false
      }
      return await tell(snapshot)
    },
    withdraw: async (snapshot, kid) => {
      if (!(await withdraw(snapshot, kid))) return undefined
      await journal.record(clock.now(), 'keys_changed', `${kid} is withdrawn from the JWKS`, { kid })
      return await tell(snapshot)
    },
    reset: () => {
      lines = new WeakMap()
      void journal.record(clock.now(), 'keys_changed', 'the keys are those of the start', {})
    },
  }
}

/** The first entry of each algorithm, which is the one that signs. */
function signersOf({ keys }: Snapshot): Entry[] {
  return keys.filter((entry, index) => keys.findIndex(({ alg }) => alg === entry.alg) === index)
}

/** When the turn after the last one comes. Turns that have passed while nobody asked are left out. */
function nextTurn(line: readonly Turn[], period: number, now: number): number {
  const last = line.at(-1)!.signs_from
  return last + period * Math.max(1, Math.floor((now - last) / period))
}

function currentIn(line: readonly Turn[], now: number): number {
  // A clock that was set back finds nobody's turn.
  return Math.max(
    0,
    line.findLastIndex(({ signs_from }) => signs_from <= now),
  )
}

/** RFC 7517 has no word for it: a key stays until the last token that it signed has expired. */
function publishedUntil(line: readonly Turn[], index: number): number {
  return line[index + 1]!.signs_from + line[index]!.longest
}

/** The one that signs, then those that will, then those that did. */
function inOrder(line: readonly Turn[], now: number): Turn[] {
  const current = currentIn(line, now)
  return [...line.slice(current), ...line.slice(0, current)]
}

async function statusOf(line: readonly Turn[], turn: Turn, now: number, isSpare: boolean): Promise<KeyStatus> {
  const [index, current] = [line.indexOf(turn), currentIn(line, now)]
  const published_until = index < current ? publishedUntil(line, index) : undefined
  const { key, published, signs_from } = turn
  const { kid, alg } = await key
  if (published_until !== undefined) {
    return { kid, alg, status: 'retired', published, ...(published && { published_until }) }
  }
  if (index > current) return { kid, alg, status: 'next', published, signs_from }
  return { kid, alg, status: isSpare ? 'spare' : 'current', published }
}

/** The algorithm of tokens for which nobody chose one: RS256 where there is such a key, else that of the first key. */
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

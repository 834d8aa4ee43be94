/** The differences between two snapshots, for the log line of a reload. */
import { isDeepStrictEqual } from 'node:util'
import { isSecret, needsRestart } from './annotations.js'
import type { KeyToGenerate, PrivateKey, Snapshot } from './snapshot.js'

/** Names of the added, removed and changed items. */
export interface Difference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  /** Number of further items, whose names are left out. */
  readonly more?: number
}

/** Maximum number of names of each kind of change, since a line of the log has them all. */
const MOST_NAMES = 100

export interface Changes {
  /** By `sub`. */
  readonly users: Difference
  /** By `client_id`. */
  readonly clients: Difference
  /** By `kid`; keys that each issuer generates by their `alg`. */
  readonly keys: Omit<Difference, 'changed'>
  /** By `kid` or `alg`, as `keys`. */
  readonly encryption_keys: Omit<Difference, 'changed'>
  /** All other settings, such as `lifetimes.access_token: 1h → 5m`. */
  readonly flags: readonly string[]
  /** Changed settings that take effect at the next start. */
  readonly needs_restart: readonly string[]
}

/** Lists that are compared item by item, and the member that only editors read. */
const NOT_SETTINGS = ['users', 'clients', 'keys', 'encryption_keys', '$schema']

/** Returns the changes from the first snapshot to the second. */
export function describeChanges(before: Snapshot, after: Snapshot): Changes {
  const settings = [...changedSettings(before.config, after.config, []), ...changedContents(before, after)]
  return {
    users: difference(before.users, after.users),
    clients: difference(before.clients, after.clients),
    keys: keyDifference(before.keys, after.keys),
    encryption_keys: keyDifference(before.encryption_keys, after.encryption_keys),
    flags: settings.filter(({ path }) => !needsRestart(path)).map(({ path, change }) => `${path.join('.')}: ${change}`),
    needs_restart: settings
      .map(({ path }) => path)
      .filter(needsRestart)
      .map((path) => path.join('.')),
  }
}

/** Returns the settings whose file has the same name and a new content. Files of keys are compared as keys. */
function changedContents(before: Snapshot, after: Snapshot): ChangedSetting[] {
  const [old, now] = [fileContents(before), fileContents(after)]
  return now.flatMap(({ path, file, content }, index) => {
    const same = file === undefined || file !== old[index]!.file || content === old[index]!.content
    return same ? [] : [{ path, change: 'content changed' }]
  })
}

/** Returns the settings that name a file, with its name and its content. */
function fileContents({ config: { outbound, server }, ...snapshot }: Snapshot) {
  const { tls } = snapshot
  return [
    { path: ['outbound', 'ca'], file: outbound.ca, content: snapshot.outbound.ca },
    {
      path: ['server', 'tls', 'cert'],
      file: server.tls?.cert,
      content: tls !== undefined && 'credentials' in tls ? JSON.stringify(tls.credentials) : undefined,
    },
    { path: ['server', 'tls', 'client_ca'], file: server.tls?.client_ca, content: tls?.client_certificates?.ca },
  ]
}

/** Returns the changes in one line of text: `users +carol -bob ~alice; require_nonce: false → true`. */
export function summarizeChanges(changes: Changes): string {
  const { users, clients, keys, encryption_keys, flags, needs_restart } = changes
  const list = (name: string, { added, removed, changed, more }: Difference) => {
    const names = [
      ...added.map((one) => `+${one}`),
      ...removed.map((one) => `-${one}`),
      ...changed.map((one) => `~${one}`),
      ...(more === undefined ? [] : [`and ${more} more`]),
    ]
    return names.length === 0 ? [] : [`${name} ${names.join(' ')}`]
  }
  const parts = [
    ...list('users', users),
    ...list('clients', clients),
    ...list('keys', { ...keys, changed: [] }),
    ...list('encryption_keys', { ...encryption_keys, changed: [] }),
    ...flags,
  ]
  if (needs_restart.length > 0) parts.push(`at the next start: ${needs_restart.join(', ')}`)
  return parts.join('; ') || 'nothing changed'
}

function difference(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Difference {
  const [old, now] = [[...before.keys()], [...after.keys()]]
  let more = 0
  const cut = (names: readonly string[]) => {
    more += Math.max(0, names.length - MOST_NAMES)
    return names.slice(0, MOST_NAMES)
  }
  const names = {
    added: cut(now.filter((name) => !before.has(name))),
    removed: cut(old.filter((name) => !after.has(name))),
    changed: cut(now.filter((name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name)))),
  }
  return { ...names, ...(more > 0 && { more }) }
}

type Keys = readonly (PrivateKey | KeyToGenerate)[]

function keyDifference(before: Keys, after: Keys): Omit<Difference, 'changed'> {
  return { added: keysWithout(after, before), removed: keysWithout(before, after) }
}

/** Returns the names of the keys that the other list does not have. */
function keysWithout(keys: Keys, others: Keys): string[] {
  const rest = others.map(fingerprint)
  return keys.flatMap((key) => {
    const index = rest.indexOf(fingerprint(key))
    if (index !== -1) rest.splice(index, 1)
    return index === -1 ? [key.kid ?? `generated ${key.alg}`] : []
  })
}

function fingerprint(key: PrivateKey | KeyToGenerate): string {
  return JSON.stringify('publicJwk' in key ? key.publicJwk : [key.alg, key.kid])
}

/** A changed setting: its path and the change in words. */
interface ChangedSetting {
  readonly path: readonly string[]
  readonly change: string
}

function changedSettings(before: object, after: object, path: readonly string[]): ChangedSetting[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].sort().flatMap((name) => {
    const [old, now] = [member(before, name), member(after, name)]
    if ((path.length === 0 && NOT_SETTINGS.includes(name)) || isDeepStrictEqual(old, now)) return []
    const here = [...path, name]
    if (isObject(old) && isObject(now)) return changedSettings(old, now, here)
    return [{ path: here, change: isSecret(here) ? 'changed (not shown)' : `${inWords(old)} → ${inWords(now)}` }]
  })
}

function member(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inWords(value: unknown): string {
  if (value === undefined) return 'unset'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What differs between two snapshots, for the log line of a reload. */
import { isDeepStrictEqual } from 'node:util'
import { SECRETS } from './explain.js'
import type { KeyToGenerate, PrivateKey, Snapshot } from './snapshot.js'

/** Names of what came, went and was changed. */
export interface Difference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

export interface Changes {
  /** By `sub`. */
  readonly users: Difference
  /** By `client_id`. */
  readonly clients: Difference
  /** By `kid`; a key that each issuer generates is told by its `alg`. */
  readonly keys: Omit<Difference, 'changed'>
  /** Likewise. */
  readonly encryption_keys: Omit<Difference, 'changed'>
  /** Every other setting, such as `lifetimes.access_token: 1h → 5m`. */
  readonly flags: readonly string[]
  /** Settings that were changed, but take effect at the next start only. */
  readonly needs_restart: readonly string[]
}

const AT_START = [
  'server.host',
  'server.port',
  'server.http_port',
  'server.tls',
  'server.tls.self_signed',
  'server.tls.names',
  'server.tls.ca_file',
  'server.tls.client_certificates',
  'server.tls.client_ca',
  'server.body_limit',
  'server.max_issuers',
  'log.format',
]
/** Lists that are compared item by item, and what only an editor reads. */
const ELSEWHERE = ['users', 'clients', 'keys', 'encryption_keys', '$schema']

/** What the second snapshot changes in the first. */
export function describeChanges(before: Snapshot, after: Snapshot): Changes {
  const settings = changedSettings(before.config, after.config, [])
  return {
    users: difference(before.users, after.users),
    clients: difference(before.clients, after.clients),
    keys: keyDifference(before.keys, after.keys),
    encryption_keys: keyDifference(before.encryption_keys, after.encryption_keys),
    flags: settings.filter(({ path }) => !AT_START.includes(path)).map(({ path, change }) => `${path}: ${change}`),
    needs_restart: settings.map(({ path }) => path).filter((path) => AT_START.includes(path)),
  }
}

/** The changes in one line for people: `users +carol -bob ~alice; require_nonce: false → true`. */
export function summarizeChanges(changes: Changes): string {
  const { users, clients, keys, encryption_keys, flags, needs_restart } = changes
  const list = (name: string, { added, removed, changed }: Difference) => {
    const names = [
      ...added.map((one) => `+${one}`),
      ...removed.map((one) => `-${one}`),
      ...changed.map((one) => `~${one}`),
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
  return {
    added: now.filter((name) => !before.has(name)),
    removed: old.filter((name) => !after.has(name)),
    changed: now.filter((name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name))),
  }
}

type Keys = readonly (PrivateKey | KeyToGenerate)[]

function keyDifference(before: Keys, after: Keys): Omit<Difference, 'changed'> {
  return { added: keysWithout(after, before), removed: keysWithout(before, after) }
}

/** The kids of the keys that the others don't have. */
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

function changedSettings(before: object, after: object, path: readonly string[]): { path: string; change: string }[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].sort().flatMap((name) => {
    const [old, now] = [member(before, name), member(after, name)]
    if ((path.length === 0 && ELSEWHERE.includes(name)) || isDeepStrictEqual(old, now)) return []
    const here = [...path, name]
    if (isObject(old) && isObject(now)) return changedSettings(old, now, here)
    const change = SECRETS.includes(name) ? 'another' : `${inWords(old)} → ${inWords(now)}`
    return [{ path: here.join('.'), change }]
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

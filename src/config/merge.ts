/** Merges overrides and lists of users into a configuration and keeps the origin of each part. */
import { memberOrigin, type Origin, type Source } from './origin.js'

/** A value and its origin. */
export interface Layer {
  readonly value: unknown
  readonly origin: Origin
}

/** A value from outside the files, such as an option of the command line. */
export interface Override {
  /** The name that problems are reported under: `--port`, `OIDC_PROVIDER_MOCK_PORT`, `startProvider()`. */
  readonly source: string
  readonly path: readonly string[]
  readonly value: unknown
  /** Whether the value is one item for the list at `path`. */
  readonly append?: boolean
  /** Whether the value is from a file with a secret, so that problems do not show it. */
  readonly is_hidden?: boolean
}

type Members = Readonly<Record<string, unknown>>

/** Whether a value is a mapping rather than a list or a scalar. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member that identifies an item of a list. */
const IDENTITY: Readonly<Record<string, string>> = { users: 'sub', clients: 'client_id' }

/** Returns the layer with an override applied: objects are merged deeply, all other values are replaced. */
export function applyOverride(base: Layer, { source, path, value, append }: Override): Layer {
  const from: Source = { name: source }
  if (value === undefined) return base
  return update(base, path, from, (old) => {
    if (append !== true) return overlay(old, value, from)
    return insert(old, { value: copy(value), origin: { source: from } }, IDENTITY[path.join('.')])
  })
}

/** Returns the layer with the items at the end of its `users`. */
export function appendUsers(base: Layer, items: readonly Layer[]): Layer {
  if (items.length === 0) return base
  return update(base, ['users'], items[0]!.origin.source, (old) => append(old, items))
}

/** Converts a flat list, whose items have `sub` and the claims side by side, to users. */
export function flatUsers({ value, origin }: Layer): Layer[] {
  return (value as unknown[]).map((item, index) => {
    const own: Origin = { ...memberOrigin(origin, String(index)), source: origin.source, pointer: `/${index}` }
    if (!isMembers(item)) return { value: item, origin: own }
    const { sub, ...claims } = item
    const user = Object.hasOwn(item, 'sub') ? { sub, claims } : { claims }
    return { value: user, origin: { ...own, members: new Map([['claims', own]]) } }
  })
}

function update(base: Layer, path: readonly string[], source: Source, change: (old: Layer) => Layer): Layer {
  const [key, ...rest] = path
  if (key === undefined) return change(base)
  const object = isMembers(base.value) ? base : { value: {}, origin: { source } }
  return withMember(object, key, update(member(object, key, source), rest, source, change))
}

function overlay(base: Layer, value: unknown, source: Source): Layer {
  if (!isMembers(value)) return { value: copy(value), origin: { source } }
  let result: Layer = isMembers(base.value) ? base : { value: {}, origin: { source } }
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== undefined) result = withMember(result, key, overlay(member(result, key, source), inner, source))
  }
  return result
}

/** Returns the list with the items at its end. */
function append(list: Layer, items: readonly Layer[]): Layer {
  const values = Array.isArray(list.value) ? [...list.value] : []
  const members = new Map(list.origin.members)
  for (const { value, origin } of items) {
    members.set(String(values.length), origin)
    values.push(value)
  }
  return { value: values, origin: { ...list.origin, members } }
}

/** Returns the list with the item in place of the item with the same identity, or at its end. */
function insert(list: Layer, item: Layer, identity: string | undefined): Layer {
  const values: unknown[] = Array.isArray(list.value) ? list.value : []
  const index = identity === undefined ? -1 : values.findIndex((other) => sameIdentity(other, item.value, identity))
  if (index === -1) return append(list, [item])
  const members = new Map(list.origin.members).set(String(index), item.origin)
  return { value: values.with(index, item.value), origin: { ...list.origin, members } }
}

function sameIdentity(one: unknown, other: unknown, identity: string): boolean {
  return isMembers(one) && isMembers(other) && one[identity] !== undefined && one[identity] === other[identity]
}

function member({ value, origin }: Layer, key: string, source: Source): Layer {
  if (!Object.hasOwn(value as Members, key)) return { value: undefined, origin: { source } }
  return { value: (value as Members)[key], origin: { source, ...memberOrigin(origin, key) } }
}

function withMember({ value, origin }: Layer, key: string, inner: Layer): Layer {
  const object = { ...(value as Members) }
  setMember(object, key, inner.value)
  return { value: object, origin: { ...origin, members: new Map(origin.members).set(key, inner.origin) } }
}

/** Sets a member. Unlike an assignment, it does not replace the prototype if the member is named `__proto__`. */
function setMember(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Copies a value, because the snapshot freezes it and the caller's objects must stay as they are. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (!isMembers(value)) return value
  const object = {}
  for (const [key, inner] of Object.entries(value)) if (inner !== undefined) setMember(object, key, copy(inner))
  return object
}

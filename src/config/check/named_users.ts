/** Warnings about users and clients that settings name and the configuration does not list. */
import type { Config, Fault } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { show } from '../show.js'
import { suggest } from '../suggest.js'

/** Largest number of names among which a similar one is searched for. */
const MOST_COMPARED = 1000

type Found = Iterable<Complaint>
type Names = ReadonlyMap<string, unknown>

/** Yields a warning for each `auto_login` and `match` of a fault that names no listed user or client, if any are listed. */
export function* checkNamed(config: Config): Found {
  const users = new Map(config.users.map((user) => [user.sub, user]))
  const clients = new Map(config.clients.map((client) => [client.client_id, client]))
  const subs: NameCheck = (path, name) => checkName(path, name, users, 'sub', 'users')
  const ids: NameCheck = (path, name) => checkName(path, name, clients, 'client_id', 'clients')
  yield* subs(['auto_login'], config.auto_login)
  yield* checkMatches([], config.faults, subs, ids)
  for (const [index, { faults }] of config.users.entries()) {
    yield* checkMatches(['users', String(index)], faults, subs, ids)
  }
  for (const [index, { auto_login, faults }] of config.clients.entries()) {
    yield* subs(['clients', String(index), 'auto_login'], auto_login)
    yield* checkMatches(['clients', String(index)], faults, subs, ids)
  }
}

type NameCheck = (path: readonly string[], name: string | undefined) => Found

function* checkMatches(path: readonly string[], faults: readonly Fault[] = [], subs: NameCheck, ids: NameCheck): Found {
  for (const [index, { match = {} }] of faults.entries()) {
    for (const [member, check] of [
      ['sub', subs],
      ['client_id', ids],
    ] as const) {
      const place = [...path, 'faults', String(index), 'match', member]
      const wanted = match[member]
      if (!Array.isArray(wanted)) yield* check(place, wanted)
      else for (const [position, name] of wanted.entries()) yield* check([...place, String(position)], name)
    }
  }
}

function* checkName(
  path: readonly string[],
  name: string | undefined,
  names: Names,
  member: string,
  list: string,
): Found {
  if (name === undefined || names.size === 0 || names.has(name)) return
  const near = names.size > MOST_COMPARED ? undefined : suggest(name, [...names.keys()])
  const hint = near === undefined ? '' : `; did you mean ${show(near, false, '')}?`
  yield { path, at: 'value', message: `is ${show(name, false, '')}, which is no ${member} of ${list}${hint}` }
}

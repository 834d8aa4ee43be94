/** Warnings about users and clients that settings name and the configuration does not list. */
import type { Config, Fault } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { isOn } from '../profiles.js'
import { fold } from '../search.js'
import { show } from '../show.js'
import { suggestListed } from '../suggest.js'
import { indexNames } from '../user_names.js'

type Found = Iterable<Complaint>

/** The listed users or clients. */
interface Listed {
  readonly names: ReadonlySet<string>
  readonly member: 'sub' | 'client_id'
  readonly list: 'users' | 'clients'
  /** Whether a request can have only listed names. A client that registers has a name that no file can know. */
  readonly is_closed: boolean
  /** Returns the name that is listed for another name of a user. */
  readonly resolve: (name: string) => string | undefined
}

/** Returns a function that finds a user by each name. The index is created for the first name. */
function createResolve({ users }: Config): Listed['resolve'] {
  let index: ReturnType<typeof indexNames> | undefined
  return (name) => {
    index ??= indexNames(users)
    return index.get(fold(name))?.[0]
  }
}

/**
 * Yields a warning for each `auto_login` that names no listed user by any name, if any are listed. The `match` of a fault can be for a name that
 * is used without being listed; it gives a warning if a listed name is similar, or if no other name can be used.
 */
export function* checkNamed(config: Config): Found {
  const users: Listed = {
    names: new Set(config.users.map(({ sub }) => sub)),
    member: 'sub',
    list: 'users',
    is_closed: config.users_only,
    resolve: createResolve(config),
  }
  const clients: Listed = {
    names: new Set(config.clients.map(({ client_id }) => client_id)),
    member: 'client_id',
    list: 'clients',
    is_closed: isOn(config, 'registered_clients'),
    resolve: () => undefined,
  }
  yield* checkAutoLogin(['auto_login'], config.auto_login, users)
  yield* checkMatches([], config.faults, users, clients)
  for (const [index, { faults }] of config.users.entries()) {
    yield* checkMatches(['users', String(index)], faults, users, clients)
  }
  for (const [index, { auto_login, faults }] of config.clients.entries()) {
    yield* checkAutoLogin(['clients', String(index), 'auto_login'], auto_login, users)
    yield* checkMatches(['clients', String(index)], faults, users, clients)
  }
}

/** A login finds the user by each name. */
function* checkAutoLogin(path: readonly string[], name: string | undefined, users: Listed): Found {
  if (name === undefined || users.names.has(name) || users.resolve(name) !== undefined) return
  yield* checkName(path, name, users, true)
}

function* checkMatches(path: readonly string[], faults: readonly Fault[] = [], ...lists: readonly Listed[]): Found {
  for (const [index, { match = {} }] of faults.entries()) {
    for (const listed of lists) {
      const place = [...path, 'faults', String(index), 'match', listed.member]
      const wanted = match[listed.member]
      if (!Array.isArray(wanted)) yield* checkName(place, wanted, listed, listed.is_closed)
      else {
        for (const [position, name] of wanted.entries()) {
          yield* checkName([...place, String(position)], name, listed, listed.is_closed)
        }
      }
    }
  }
}

/** @param always whether a name without a similar one is a warning as well. */
function* checkName(
  path: readonly string[],
  name: string | undefined,
  { names, member, list, resolve }: Listed,
  always: boolean,
): Found {
  if (name === undefined || names.size === 0 || names.has(name)) return
  const near = resolve(name) ?? suggestListed(name, names)
  if (near === undefined && !always) return
  const hint = near === undefined ? '' : `; did you mean ${show(near, false, '')}?`
  yield { path, at: 'value', message: `is ${show(name, false, '')}, which is no ${member} of ${list}${hint}` }
}

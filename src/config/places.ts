/** Places of clients and fault rules in the files, for the log. */
import type { Config } from '../generated/types.js'
import { locate, type Origin } from './origin.js'

/** Places such as `config.yaml:14`, by the client or rule of the configuration. An override has no line. */
export type Places = ReadonlyMap<object, string>

/** Finds the places of all clients and fault rules of a valid configuration. */
export function findPlaces(origin: Origin, { faults, users, clients }: Config): Places {
  const places = new Map<object, string>()
  const add = (value: object, ...path: string[]) => {
    const { file, line } = locate(origin, { path, at: 'value', message: '' })
    places.set(value, line === undefined ? file : `${file}:${line}`)
  }
  const addRules = (rules: Config['faults'] = [], ...path: string[]) => {
    for (const [index, rule] of rules.entries()) add(rule, ...path, 'faults', String(index))
  }
  addRules(faults)
  for (const [index, user] of users.entries()) addRules(user.faults, 'users', String(index))
  for (const [index, client] of clients.entries()) {
    add(client, 'clients', String(index))
    addRules(client.faults, 'clients', String(index))
  }
  return places
}

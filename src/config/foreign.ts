/** Recognizes the configurations of other providers. */
import { isMembers } from './merge.js'

/** Names of keys, all of which a configuration of another provider has, and its name. */
const FOREIGN: readonly { readonly keys: readonly string[]; readonly name: string }[] = [
  { keys: ['realm', 'enabled'], name: 'a realm export of Keycloak' },
  { keys: ['realm', 'clients'], name: 'a realm export of Keycloak' },
  { keys: ['realm', 'users'], name: 'a realm export of Keycloak' },
  { keys: ['staticClients'], name: 'a configuration of dex' },
  { keys: ['staticPasswords'], name: 'a configuration of dex' },
  { keys: ['storage', 'connectors'], name: 'a configuration of dex' },
  { keys: ['issuer', 'storage'], name: 'a configuration of dex' },
  { keys: ['SubjectId'], name: 'a list of users of oidc-server-mock by Soluto' },
  { keys: ['ClientId'], name: 'a list of clients of oidc-server-mock by Soluto' },
  { keys: ['tokenCallbacks'], name: 'a configuration of mock-oauth2-server by navikt' },
  { keys: ['interactiveLogin'], name: 'a configuration of mock-oauth2-server by navikt' },
]

/** Returns the name of the provider whose configuration a value resembles. */
export function findForeign(value: unknown): string | undefined {
  const [first = {}] = Array.isArray(value) ? value : [value]
  const own = Array.isArray(first) ? undefined : first
  if (!isMembers(own)) return undefined
  return FOREIGN.find(({ keys }) => keys.every((key) => Object.hasOwn(own, key)))?.name
}

/** Checks whether the configuration lets the faults of its rules happen. */
import { FAULT_CATALOGUE } from '../../faults/catalogue.js'
import type { FaultRule } from '../../faults/rules.js'
import type { Client, Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { isOn } from '../profiles.js'
import type { Pruned } from '../schema.js'

type Rule = Pruned<Config['faults'][number]>
type Condition = NonNullable<(typeof FAULT_CATALOGUE)[FaultRule['fault']]['requires']>

/** Returns why a condition of the provider does not hold; undefined if it holds, or if it is one of the request. */
const PROVIDER: Partial<Record<Condition, (config: Pruned<Config>) => string | undefined>> = {
  iss: (config) => {
    // JARM §2.1: a response as a JWT always has iss.
    const hasJarm = config.clients?.some((client) => client?.authorization_signed_response_alg !== undefined)
    if (isOn(config, 'iss_parameter') || hasJarm) return undefined
    return 'nothing promises iss: the rule iss_parameter is off; set rules: { iss_parameter: true }'
  },
  rotation: (config) => {
    if (isOn(config, 'rotate_refresh_tokens')) return undefined
    return 'refresh tokens stay the same anyway: the rule rotate_refresh_tokens is off; set rules: { rotate_refresh_tokens: true }'
  },
}

/** Metadata that a client needs. A client that is not in the file can register with it. */
const METADATA: Partial<Record<Condition, keyof Client>> = {
  signed_userinfo: 'userinfo_signed_response_alg',
  backchannel_logout: 'backchannel_logout_uri',
}

/**
 * Yields a complaint for each rule whose fault can never happen.
 * @param whole the configuration in force, of which `config` can be a part.
 * @param owner client that the rules belong to.
 */
export function* checkPossible(
  path: readonly string[],
  rules: readonly (Rule | undefined)[] = [],
  config: Pruned<Config>,
  whole: Pruned<Config>,
  owner?: string,
): Iterable<Complaint> {
  for (const [index, { fault, match } = {}] of rules.entries()) {
    if (fault === undefined) continue
    const { requires } = FAULT_CATALOGUE[fault]
    if (requires === undefined) continue
    const reason = PROVIDER[requires]?.(whole) ?? findLack(METADATA[requires], config, owner ?? match?.client_id)
    if (reason === undefined) continue
    const message = `is "${fault}", which can never happen, because ${reason}`
    yield { path: [...path, String(index), 'fault'], at: 'value', message }
  }
}

/** Returns the reason if every client of the rule is in the file, and none has the metadata. */
function findLack(
  member: keyof Client | undefined,
  { clients = [] }: Pruned<Config>,
  client_id: string | readonly (string | undefined)[] | undefined,
): string | undefined {
  const wanted = [client_id].flat().filter((id) => id !== undefined)
  if (member === undefined || wanted.length === 0) return undefined
  const found = wanted.map((id) => clients.find((client) => client?.client_id === id))
  if (found.some((client) => client === undefined || member in client)) return undefined
  return `client ${wanted.join(', ')} has no ${member}`
}

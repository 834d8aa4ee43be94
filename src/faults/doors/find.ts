/** Which fault is to happen at one point of an exchange, of all that were declared. Whoever can carry one out asks here. */

import type { Context } from '../../context.js'
import { findClient, listClients } from '../../directory/clients.js'
import { findUser, listUsers } from '../../directory/users.js'
import type { FaultName } from '../row.js'
import { type CountedFault, type Facts, type FaultRule, type FaultSource, matches } from '../rules.js'

/** A rule that is to happen now. */
export type Applicable<N extends FaultName = FaultName> = FaultRule & { readonly fault: N }

/** A rule of any source with its counters, and whose it is. */
export interface DeclaredFault extends CountedFault {
  /** Of a user's rule. */
  readonly sub?: string
  /** Of a client's rule. */
  readonly client_id?: string
  /** Of a rule that was picked on the login page: the login that it is for. */
  readonly flow_id?: string
}

/**
 * The first rule that matches: of what was picked on the login page, of run time, of the user, of the client, of the
 * configuration; within each in its order, which is the oldest first at run time. A rule that matches is counted; if it
 * isn't its turn, the next one has its chance. The journal names what happens.
 * @param names what can be carried out at this point.
 * @param facts what the caller knows besides about whom it concerns.
 * @param turn what counts once, however often it is asked about, such as a login that takes several requests.
 */
export async function findFault<N extends FaultName>(
  ctx: Context,
  names: readonly N[],
  facts: Partial<Facts> = {},
  turn?: string,
): Promise<Applicable<N> | undefined> {
  // Most requests pass doors at which nothing of theirs can go wrong; whose they are need not be looked up for that.
  if (names.length === 0) return undefined
  const { exchange, faults } = ctx
  const known = { ...exchange.facts, ...facts }
  for (const [source, owner, rules] of await listRules(ctx, known)) {
    for (const [id, rule] of rules) {
      if (!names.some((name) => name === rule.fault) || !matches(rule, known)) continue
      const met = faults.meet(source, id ?? owner, rule, turn)
      if (met === undefined) continue
      exchange.applied.push({ fault: rule.fault, source, id: met.id })
      return rule as Applicable<N>
    }
  }
  return undefined
}

type Rules = Iterable<readonly [id: string | undefined, rule: FaultRule]>

/** Every rule that could concern them, in the order in which they count. */
async function listRules(
  ctx: Context,
  { sub, client_id }: Facts,
): Promise<readonly (readonly [source: FaultSource, owner: string, rules: Rules])[]> {
  const { exchange, faults, snapshot } = ctx
  const user = sub === undefined ? undefined : await findUser(ctx, sub)
  const client = client_id === undefined ? undefined : await findClient(ctx, client_id)
  return [
    ['login', exchange.flow_id ?? '', withoutIds(exchange.picked)],
    ['runtime', '', faults.rules()],
    ['user', sub ?? '', withoutIds(user?.faults)],
    ['client', client_id ?? '', withoutIds(client?.faults)],
    ['config', '', withoutIds(snapshot.config.faults)],
  ]
}

function* withoutIds(rules: readonly FaultRule[] = []): Rules {
  for (const rule of rules) yield [undefined, rule]
}

/** Every rule that was declared, in the order in which they count. */
export async function listFaults(ctx: Context): Promise<DeclaredFault[]> {
  const { faults, snapshot, store } = ctx
  const described = (source: FaultSource, owner: string, rules: readonly FaultRule[] = []) =>
    rules.map((rule) => faults.describe(source, owner, rule))
  const picked = new Map<string, readonly FaultRule[]>()
  for (const [, grant] of await store.grants.list()) {
    if (grant.flow_id !== undefined && grant.faults !== undefined) picked.set(grant.flow_id, grant.faults)
  }
  return [
    ...[...picked].flatMap(([flow_id, rules]) =>
      described('login', flow_id, rules).map((fault) => ({ ...fault, flow_id })),
    ),
    ...[...faults.rules()].map(([id, rule]) => faults.describe('runtime', id, rule)),
    ...(await listUsers(ctx)).flatMap(({ sub, faults: rules }) =>
      described('user', sub, rules).map((fault) => ({ ...fault, sub })),
    ),
    ...(await listClients(ctx)).flatMap(({ client_id, faults: rules }) =>
      described('client', client_id, rules).map((fault) => ({ ...fault, client_id })),
    ),
    ...described('config', '', snapshot.config.faults),
  ]
}

/** Which fault is to happen at one point of an exchange, of all that were declared. Whoever can carry one out asks here. */
import type { FaultName } from './config/fault_row.js'
import type { Context } from './context.js'
import { findClient, findUser } from './directory.js'
import { type Facts, type FaultRule, type FaultSource, matches } from './mock/faults.js'

/** A rule that is to happen now. */
export type Applicable<N extends FaultName = FaultName> = FaultRule & { readonly fault: N }

/**
 * The first rule that matches: of what was picked on the login page, of run time, of the user, of the client, of the
 * configuration. It is counted, and the journal names it.
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
  const { exchange, faults } = ctx
  const known = { ...exchange.facts, ...facts }
  for (const { source, owner, rule } of await listRules(ctx, known)) {
    if (!names.some((name) => name === rule.fault) || !matches(rule, known)) continue
    const met = faults.meet(source, owner, rule, turn)
    if (met === undefined) continue
    exchange.applied.push({ fault: rule.fault, source, id: met.id })
    return rule as Applicable<N>
  }
  return undefined
}

interface Owned {
  readonly source: FaultSource
  readonly owner: string
  readonly rule: FaultRule
}

/** Every rule that could concern them, in the order in which they count. */
async function listRules(ctx: Context, { sub, client_id }: Facts): Promise<readonly Owned[]> {
  const { exchange, faults, snapshot } = ctx
  const owned = (source: FaultSource, owner: string, rules: readonly FaultRule[] = []) =>
    rules.map((rule): Owned => ({ source, owner, rule }))
  const user = sub === undefined ? undefined : await findUser(ctx, sub)
  const client = client_id === undefined ? undefined : await findClient(ctx, client_id)
  return [
    ...owned('login', exchange.flow_id ?? '', exchange.picked),
    ...faults.list().map(({ id, rule }): Owned => ({ source: 'runtime', owner: id, rule })),
    ...owned('user', sub ?? '', user?.faults),
    ...owned('client', client_id ?? '', client?.faults),
    ...owned('config', '', snapshot.config.faults),
  ]
}

/** Finds the fault that happens at a door, among the declared rules. */
import type { Context } from '../../context.js'
import { findClient, listClientsWithFaults } from '../../directory/clients.js'
import { findUser, listUsersWithFaults } from '../../directory/users.js'
import type { FaultAt, FaultDoor, FaultName } from '../catalogue.js'
import { describeFiring } from '../describe.js'
import { type CountedFault, doorOf, type Facts, type FaultRule, type FaultSource, matches } from '../rules.js'

/** A rule whose fault happens now. */
export type Applicable<N extends FaultName = FaultName> = FaultRule & { readonly fault: N }

/** A rule of any source with its counters and its owner. */
export interface DeclaredFault extends CountedFault {
  /** Owner of a user's rule. */
  readonly sub?: string
  /** Owner of a client's rule. */
  readonly client_id?: string
  /** Login of a rule that was chosen on the login page. */
  readonly flow_id?: string
}

interface Query<N extends FaultName> {
  /** Facts beyond those of the exchange. */
  readonly facts?: Partial<Facts>
  /** Name of an event that takes several requests, such as a login: a rule counts it once, with one decision. */
  readonly turn?: string | undefined
  /** Returns whether the fault can happen now. Undefined: every fault of the door can. */
  fits?(name: N): boolean
}

/**
 * Returns the first matching rule at a door: of the login page, run time, the user, the client, the configuration; within
 * each in declared order. A match is counted; if the rule's frequency skips it, the next rule is tried. The journal, the
 * log and the response get the name of the fault.
 */
export async function findFault<D extends FaultDoor>(
  ctx: Context,
  door: D,
  { facts, turn, fits = () => true }: Query<FaultAt<D>> = {},
): Promise<Applicable<FaultAt<D>> | undefined> {
  const { exchange, faults, snapshot } = ctx
  exchange.fault_doors ??= faults.listDoors()
  const isLoginFault = exchange.login_faults.some((rule) => doorOf(rule) === door)
  if (!isLoginFault && !snapshot.fault_doors.has(door) && !(await exchange.fault_doors).has(door)) return undefined
  const known = { ...exchange.facts, ...facts }
  for await (const { source, owner, number, rule } of listRules(ctx, door, known)) {
    if (doorOf(rule) !== door || !matches(rule, known) || !fits(rule.fault as FaultAt<D>)) continue
    const counted = await faults.count(source, owner, rule, turn)
    if (counted === undefined) continue
    exchange.applied.push({ fault: rule.fault, source, id: counted.id })
    if (rule.announce !== false) exchange.announced.add(rule.fault)
    const origin = { source, owner, number, place: snapshot.places.get(rule) }
    ctx.log.warn({ fault: rule.fault, source, id: counted.id }, describeFiring(rule, origin, known))
    return rule as Applicable<FaultAt<D>>
  }
  return undefined
}

/** A rule before it is counted. `owner` tells apart equal rules of one source; for a rule of run time it is the id. */
interface Candidate {
  readonly source: FaultSource
  readonly owner: string
  /** Position in the list of its source, from 1; for a rule of run time its id. */
  readonly number: string
  readonly rule: FaultRule
}

/** Yields the rules that may apply, in order of precedence. */
async function* listRules(ctx: Context, door: FaultDoor, { sub, client_id }: Facts): AsyncIterable<Candidate> {
  const { exchange, faults, snapshot } = ctx
  yield* owned('login', exchange.flow_id, exchange.login_faults)
  for (const [owner, rule] of await faults.listAt(door)) yield { source: 'runtime', owner, number: owner, rule }
  if (sub !== undefined) yield* owned('user', sub, (await findUser(ctx, sub))?.faults)
  if (client_id !== undefined) yield* owned('client', client_id, (await findClient(ctx, client_id))?.faults)
  yield* owned('config', undefined, snapshot.config.faults)
}

function owned(source: FaultSource, owner = '', rules: readonly FaultRule[] = []): Candidate[] {
  return rules.map((rule, index) => ({ source, owner, number: String(index + 1), rule }))
}

/** Lists every declared rule with its counters, in order of precedence. */
export async function* listFaults(ctx: Context): AsyncIterable<DeclaredFault> {
  const { faults, snapshot, store } = ctx
  const flows = new Set<string>()
  for (const [, { flow_id, faults: rules }] of await store.grants.listBy('faults', 'some')) {
    // A login with faults has a flow_id, which several grants share if its form was sent twice.
    if (flows.has(flow_id!)) continue
    flows.add(flow_id!)
    yield* describe(ctx, { flow_id: flow_id! }, owned('login', flow_id, rules))
  }
  yield* await faults.list()
  for await (const { sub, faults: rules } of listUsersWithFaults(ctx)) {
    yield* describe(ctx, { sub }, owned('user', sub, rules))
  }
  for await (const { client_id, faults: rules } of listClientsWithFaults(ctx)) {
    yield* describe(ctx, { client_id }, owned('client', client_id, rules))
  }
  yield* describe(ctx, {}, owned('config', undefined, snapshot.config.faults))
}

async function* describe<O extends object>(
  { faults }: Context,
  owner: O,
  candidates: readonly Candidate[],
): AsyncIterable<DeclaredFault & O> {
  for (const { source, owner: of, rule } of candidates) yield { ...(await faults.describe(source, of, rule)), ...owner }
}

/** Users, clients and fault rules in requests, checked as in the configuration file, whole or as a merge patch (RFC 7396 §2). */
import { findChangeInJson } from '../config/exact_number.js'
import { isMembers } from '../config/merge.js'
import type { PartOf, Parts } from '../config/validate_part.js'
import type { Context } from '../context.js'
import { invalidRequest } from '../errors.js'
import type { FaultRule } from '../faults/rules.js'

type Members = Readonly<Record<string, unknown>>

/** Returns the value with the defaults of the configuration file. Refuses a value that the file may not have. */
export function requirePart<P extends Parts>({ snapshot }: Context, part: P, value: unknown): PartOf<P> {
  const checked = snapshot.validatePart(part, value)
  if (checked.problems !== undefined) throw invalidRequest(checked.problems.join('; '))
  return checked.value
}

/** Refuses a JSON body with a number that changes when a program reads it. */
export function requireExactNumbers(raw_body = ''): void {
  const change = findChangeInJson(raw_body)
  if (change !== undefined) throw invalidRequest(change)
}

/** Refuses fault rules that match another issuer: a rule put at run time applies to its own issuer only. */
export function requireOwnIssuer({ exchange }: Context, rules: readonly FaultRule[], place = ''): void {
  const { issuer } = exchange.facts
  for (const [index, { match = {} }] of rules.entries()) {
    const other = [match.issuer ?? issuer].flat().find((name) => name !== issuer)
    if (other === undefined) continue
    const where = place === '' ? '' : `/${place}/${index}`
    throw invalidRequest(
      `${where}/match/issuer is "${other}", expected "${issuer}", the issuer of the rule, or no value`,
    )
  }
}

/** Returns a new object: members of the patch replace members of the target, objects are merged, and null removes a member. */
export function mergePatch(target: Members, patch: Members): Members {
  const members = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    const before = members.get(name)
    if (value === null) members.delete(name)
    else members.set(name, isMembers(value) ? mergePatch(isMembers(before) ? before : {}, value) : value)
  }
  return Object.fromEntries(members)
}

/** Users, clients and faults from requests: by the rules of the file, whole or as a merge patch (RFC 7396 §2). */
import { isMembers } from '../config/merge.js'
import type { PartOf, Parts } from '../config/validate_part.js'
import type { Context } from '../context.js'
import { invalidRequest } from '../errors.js'
import type { FaultRule } from '../faults/rules.js'

type Members = Readonly<Record<string, unknown>>

/** The value with the defaults of the file filled in; refused where the file would be. */
export function requirePart<P extends Parts>({ snapshot }: Context, part: P, value: unknown): PartOf<P> {
  const checked = snapshot.validatePart(part, value)
  if (checked.problems !== undefined) throw invalidRequest(checked.problems.join('; '))
  return checked.value
}

/** Rules of run time are kept by one issuer, so that a match of others could never be. */
export function requireOwnIssuer({ exchange }: Context, rules: readonly FaultRule[], place = ''): void {
  const { issuer } = exchange.facts
  for (const [index, { match = {} }] of rules.entries()) {
    const other = [match.issuer ?? issuer].flat().find((name) => name !== issuer)
    if (other === undefined) continue
    const where = place === '' ? '' : `/${place}/${index}`
    throw invalidRequest(
      `${where}/match/issuer must be left out, or be "${issuer}", whose rule it is, but is "${other}"`,
    )
  }
}

/** A new object: members of the patch replace, objects are merged, and null removes. */
export function mergePatch(target: Members, patch: Members): Members {
  const members = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    const before = members.get(name)
    if (value === null) members.delete(name)
    else members.set(name, isMembers(value) ? mergePatch(isMembers(before) ? before : {}, value) : value)
  }
  return Object.fromEntries(members)
}

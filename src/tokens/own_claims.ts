/** The claims of a user next to those that the provider sets. */
import { isDeepStrictEqual } from 'node:util'
import type { Context } from '../context.js'
import type { User } from '../directory/users.js'
import { shown } from '../errors.js'
import type { Claims } from '../oauth/claims.js'

/**
 * Returns the provided claims over the released ones. Adds a remark for each released claim that they replace, so that
 * it does not get lost in silence.
 * @param token the name of the token or the response, for the remark.
 * @param provided claims of the provider; undefined for claims that this token does not have.
 */
export function provideClaims(ctx: Context, { sub }: User, token: string, released: Claims, provided: Claims): Claims {
  for (const [name, value] of Object.entries(released)) {
    // The user's own `sub` is that of a public subject.
    if (name === 'sub' || !Object.hasOwn(provided, name) || isDeepStrictEqual(value, provided[name])) continue
    ctx.remark(
      'claim_ignored',
      `claim ${name} of user ${shown(sub)} is ${describe(value)}, but ${token} has ${describe(provided[name])}: the request or the provider sets it`,
    )
  }
  return { ...released, ...provided }
}

const describe = (value: unknown) => (value === undefined ? 'none' : shown(JSON.stringify(value)))

/** Returns claims without some. */
export function without(claims: Claims, ...names: readonly string[]): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}

/** Door for faults of the members of successful JSON responses: tokens, introspection, metadata, keys and registration. */
import type { JWK } from 'jose'
import type { Context } from '../../../context.js'
import type { FaultAt } from '../../catalogue.js'
import type { FaultRule } from '../../rules.js'
import { decoysOf, staleKeys, UNUSABLE } from './jwks.js'

export type Members = Readonly<Record<string, unknown>>

interface MembersChange {
  /** Returns whether the fault can happen to the response. Undefined: to every response at its endpoints. */
  fits?(members: Members): boolean
  change(members: Members, rule: FaultRule, ctx: Context): Members | Promise<Members>
}

const without = (members: Members, name: string): Members =>
  Object.fromEntries(Object.entries(members).filter(([member]) => member !== name))

/** Removes a member from responses that have it. */
const missing = (name: string): MembersChange => ({
  fits: (members) => Object.hasOwn(members, name),
  change: (members) => without(members, name),
})

/** Removes the member that the rule names. */
const dropped: MembersChange = {
  change: (members, { fault, member = '' }, ctx) => {
    if (!Object.hasOwn(members, member))
      ctx.remark('decision', `${fault} changes nothing: the response has no ${member}`)
    return without(members, member)
  },
}

/** Changes the keys of a JWKS. */
const keySet = (
  change: (keys: readonly JWK[], ctx: Context) => readonly object[] | Promise<readonly object[]>,
): MembersChange => ({
  change: async ({ keys }, _rule, ctx) => ({ keys: await change(keys as readonly JWK[], ctx) }),
})

export const MEMBERS_CHANGES: Readonly<Record<FaultAt<'http_members'>, MembersChange>> = {
  'token.missing_id_token': missing('id_token'),
  'token.missing_expires_in': missing('expires_in'),
  'token.missing_token_type': missing('token_type'),
  'token.missing_access_token': missing('access_token'),
  'token.expires_in_string': { change: (members) => ({ ...members, expires_in: String(members.expires_in) }) },
  // RFC 6749 §5.1: the value is case insensitive.
  'token.token_type_case': { change: (members) => ({ ...members, token_type: 'bEARER' }) },
  // RFC 6749 §5.1: the client ignores unknown members.
  'token.extra_members': {
    change: (members) => ({
      ...members,
      x_text: 'surprise',
      x_number: 1.5,
      x_null: null,
      x_object: { list: [true, {}] },
    }),
  },
  // RFC 7662 §2.2: the response for an inactive token has no other member.
  'introspection.inactive': { fits: ({ active }) => active === true, change: () => ({ active: false }) },
  'discovery.wrong_issuer': {
    change: (members, { value = 'https://wrong-issuer.example.com' }) => ({ ...members, issuer: value }),
  },
  'discovery.missing_member': dropped,
  'discovery.extra_member': {
    change: (members, { member = 'x_unknown_member', value = 'surprise' }) => ({ ...members, [member]: value }),
  },
  'jwks.empty': keySet(() => []),
  'jwks.duplicate_kid': keySet(async (keys, ctx) => [...(await decoysOf(keys, ctx)).values(), ...keys]),
  'jwks.reused_kid': keySet(async (keys, ctx) => {
    const others = await decoysOf(keys, ctx)
    return keys.map((key) => others.get(key) ?? key)
  }),
  'jwks.missing_kid': keySet((keys) => keys.map(({ kid: _, ...key }) => key)),
  'jwks.stale': keySet((keys, ctx) => staleKeys(keys, ctx)),
  'jwks.mixed_types': keySet((keys) => [...UNUSABLE, ...keys, ...UNUSABLE.slice(0, 1)]),
  'registration.drops_member': dropped,
}

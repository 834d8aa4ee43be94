/** Faults of claims: each changes the token in one way only, so that a refusal has one reason. RFC 7519 §4.1. */
import type { FaultRule } from '../rules.js'
import type { Draft } from './draft.js'

type Claims = Draft['claims']

/** Changes claims. `now` is the time of the issuer in seconds since the epoch. */
export type ClaimsChange = (claims: Claims, rule: Pick<FaultRule, 'value' | 'scope'>, now: number) => Claims

const MINUTE = 60
const HOUR = 60 * MINUTE
const WEEK = 7 * 24 * HOUR

export const ANOTHER_ISSUER = 'https://another-issuer.example'
const ANOTHER_USER = 'another-user'

const omit = (claims: Claims, ...names: string[]): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))

export const without =
  (...names: string[]): ClaimsChange =>
  (claims) =>
    omit(claims, ...names)

const replaced =
  (name: string, other: unknown): ClaimsChange =>
  (claims, { value = other }) => ({ ...claims, [name]: value })

/** Replaces a hash by another one of the same length and encoding. */
export const rehashed =
  (name: string): ClaimsChange =>
  (claims) => {
    const bytes = Buffer.from(String(claims[name]), 'base64url')
    bytes[0]! ^= 1
    return { ...claims, [name]: bytes.toString('base64url') }
  }

export const AUDIENCE = {
  wrong_iss: replaced('iss', ANOTHER_ISSUER),
  wrong_aud: replaced('aud', 'another-audience'),
}

export const CLAIMS = {
  missing_iss: without('iss'),
  missing_aud: without('aud'),
  missing_iat: without('iat'),
  missing_exp: without('exp'),
  // iat is before exp, as in a token that was kept for too long.
  expired: (claims, _rule, now) => ({ ...claims, iat: now - 10 * MINUTE, exp: now - 5 * MINUTE }),
  // exp is after nbf, as in a token that becomes valid later.
  not_yet_valid: (claims, _rule, now) => ({ ...claims, nbf: now + HOUR, iat: now + HOUR, exp: now + 2 * HOUR }),
  stale_iat: (claims, _rule, now) => ({ ...claims, iat: now - WEEK }),
} satisfies Record<string, ClaimsChange>

export const ID_TOKEN = {
  extra_aud: (claims) => ({ ...omit(claims, 'azp'), aud: [claims.aud, 'another-client'] }),
  wrong_azp: replaced('azp', 'another-client'),
  missing_sub: without('sub'),
  wrong_nonce: (claims) => ({ ...claims, nonce: `another-${claims.nonce ?? 'nonce'}` }),
  missing_nonce: without('nonce'),
} satisfies Record<string, ClaimsChange>

/** OpenID Connect Core §12.2: claims that a refresh must not change. */
export const REFRESH = {
  refresh_wrong_iss: replaced('iss', ANOTHER_ISSUER),
  refresh_wrong_sub: replaced('sub', ANOTHER_USER),
}

export const ACCESS_TOKEN = {
  missing_sub: without('sub'),
  missing_scope: without('scope', 'scp'),
  // Some presets have `scp` instead, as a string or as a list.
  insufficient_scope: ({ scp, ...claims }, { scope = '' }) => {
    if (scp === undefined) return { ...claims, scope }
    return { ...claims, scp: Array.isArray(scp) ? scope.split(' ').filter((word) => word !== '') : scope }
  },
} satisfies Record<string, ClaimsChange>

export const USERINFO = {
  wrong_sub: replaced('sub', ANOTHER_USER),
  missing_sub: without('sub'),
}

/** OpenID Connect Back-Channel Logout §2.4. */
export const LOGOUT_TOKEN = {
  missing_events: without('events'),
  wrong_event: (claims) => ({ ...claims, events: { 'http://schemas.openid.net/event/another': {} } }),
  with_nonce: (claims) => ({ ...claims, nonce: 'a-nonce' }),
  missing_sub_and_sid: without('sub', 'sid'),
} satisfies Record<string, ClaimsChange>

/** Faults of claims: each changes the token in one way only, so that a refusal has one reason. RFC 7519 §4.1. */
import { parseDuration } from '../../duration.js'
import type { FaultRule } from '../rules.js'
import type { Draft } from './draft.js'

type Claims = Draft['claims']

/** Changes claims. `now` is the time of the issuer in seconds since the epoch. */
export type ClaimsChange = (claims: Claims, rule: Pick<FaultRule, 'value' | 'scope' | 'by'>, now: number) => Claims

const HOUR = 3600

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

/** Moves `iat` and the other times of issue, as far as the token has them. A login is never after its token. */
const issuedAt = (claims: Claims, iat: number): Claims => ({
  ...claims,
  iat,
  ...(claims.nbf !== undefined && { nbf: iat }),
  ...(claims.auth_time !== undefined && { auth_time: Math.min(Number(claims.auth_time), iat) }),
})

/** Returns another value. Nothing of it is the right one: some clients compare only the beginning, or the end. */
export const anotherValue = (name: string, right: unknown) =>
  right === `another-${name}` ? `a-third-${name}` : `another-${name}`

/** Replaces a hash by another one of the same length and encoding. */
export const rehashed =
  (name: string): ClaimsChange =>
  (claims) => {
    const bytes = Buffer.from(String(claims[name]), 'base64url').map((byte) => byte ^ 0xff)
    return { ...claims, [name]: Buffer.from(bytes).toString('base64url') }
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
  // iat is before exp, as in a token that was kept for too long. Clients tolerate clocks that differ by minutes.
  expired: (claims, { by = '1h' }, now) => {
    const exp = now - parseDuration(by)
    return { ...issuedAt(claims, exp - HOUR), exp }
  },
  // exp is after nbf, as in a token that becomes valid later.
  not_yet_valid: (claims, { by = '1h' }, now) => {
    const nbf = now + parseDuration(by)
    return { ...claims, nbf, iat: nbf, exp: nbf + HOUR }
  },
  stale_iat: (claims, { by = '1w' }, now) => issuedAt(claims, now - parseDuration(by)),
} satisfies Record<string, ClaimsChange>

export const ID_TOKEN = {
  extra_aud: (claims) => ({ ...omit(claims, 'azp'), aud: [claims.aud, 'another-client'] }),
  wrong_azp: replaced('azp', 'another-client'),
  missing_sub: without('sub'),
  wrong_nonce: (claims) => ({ ...claims, nonce: anotherValue('nonce', claims.nonce) }),
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

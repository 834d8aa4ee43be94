/** Claims gone wrong, each in one way only, so that whoever refuses the token refuses it for that. RFC 7519 §4.1. */
import type { Claims } from '../../oauth/claims.js'
import { words } from '../../oauth/params.js'

/** What a fault may be told, and the issuer's time. */
export interface Said {
  readonly value?: unknown
  readonly scope?: string
  readonly now: number
}

export type ClaimsChange = (claims: Claims, said: Said) => Claims

const MINUTE = 60
const HOUR = 60 * MINUTE
const WEEK = 7 * 24 * HOUR

const ANOTHER_ISSUER = 'https://another-issuer.example'
const ANOTHER_USER = 'another-user'

const without =
  (...names: string[]): ClaimsChange =>
  (claims) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))

const replaced =
  (name: string, other: unknown): ClaimsChange =>
  (claims, { value = other }) => ({ ...claims, [name]: value })

/** The hash of something else: as long, and as well encoded. */
const rehashed =
  (name: string): ClaimsChange =>
  (claims) => {
    const bytes = Buffer.from(String(claims[name]), 'base64url')
    bytes[0]! ^= 1
    return { ...claims, [name]: bytes.toString('base64url') }
  }

export const AUDIENCE = {
  wrong_iss: replaced('iss', ANOTHER_ISSUER),
  wrong_aud: replaced('aud', 'another-audience'),
} as const

export const CLAIMS = {
  missing_iss: without('iss'),
  missing_aud: without('aud'),
  missing_iat: without('iat'),
  missing_exp: without('exp'),
  // It was issued before it expired, as a token is that was kept for too long.
  expired: (claims, { now }) => ({ ...claims, iat: now - 10 * MINUTE, exp: now - 5 * MINUTE }),
  // It expires after it begins.
  not_yet_valid: (claims, { now }) => ({ ...claims, nbf: now + HOUR, iat: now + HOUR, exp: now + 2 * HOUR }),
  // It expires when it should.
  stale_iat: (claims, { now }) => ({ ...claims, iat: now - WEEK }),
} as const satisfies Record<string, ClaimsChange>

export const ID_TOKEN = {
  extra_aud: (claims) => ({ ...without('azp')(claims, { now: 0 }), aud: [claims.aud, 'another-client'] }),
  wrong_azp: replaced('azp', 'another-client'),
  missing_sub: without('sub'),
  // Where none was asked for there is one all the same, and the client knows nothing of it.
  wrong_nonce: (claims) => ({ ...claims, nonce: `another-${claims.nonce ?? 'nonce'}` }),
  missing_nonce: without('nonce'),
  wrong_at_hash: rehashed('at_hash'),
  missing_at_hash: without('at_hash'),
  wrong_c_hash: rehashed('c_hash'),
  missing_c_hash: without('c_hash'),
  wrong_s_hash: rehashed('s_hash'),
  missing_s_hash: without('s_hash'),
} as const satisfies Record<string, ClaimsChange>

/** OpenID Connect Core §12.2: what a refresh must not change. */
export const REFRESH = {
  refresh_wrong_iss: replaced('iss', ANOTHER_ISSUER),
  refresh_wrong_sub: replaced('sub', ANOTHER_USER),
} as const

export const ACCESS_TOKEN = {
  missing_sub: without('sub'),
  missing_scope: without('scope', 'scp'),
  // Some providers that a preset imitates have `scp` instead, as a text or as a list.
  insufficient_scope: ({ scp, ...claims }, { scope = '' }) => {
    if (scp === undefined) return { ...claims, scope }
    return { ...claims, scp: Array.isArray(scp) ? words(scope) : scope }
  },
} as const satisfies Record<string, ClaimsChange>

export const USERINFO = {
  wrong_sub: replaced('sub', ANOTHER_USER),
  missing_sub: without('sub'),
} as const

/** OpenID Connect Back-Channel Logout §2.4. */
export const LOGOUT_TOKEN = {
  missing_events: without('events'),
  wrong_event: (claims) => ({ ...claims, events: { 'http://schemas.openid.net/event/another': {} } }),
  with_nonce: (claims) => ({ ...claims, nonce: 'a-nonce' }),
  missing_sub_and_sid: without('sub', 'sid'),
} as const satisfies Record<string, ClaimsChange>

/** How strongly specifications require the rejection of each fault that a relying party or a resource server must reject. */
import { FAULT_CATALOGUE, type FaultName } from './catalogue.js'

/** Levels of RFC 2119. */
export const LEVELS = {
  MUST: 'The specification requires the check, or a check that it requires is impossible.',
  SHOULD: 'The specification recommends the check, or requires the member but no check of it.',
  MAY: 'The specification leaves the check to the recipient.',
} as const

export interface Requirement {
  readonly level: keyof typeof LEVELS
  /** The section that has the rule. */
  readonly reference: string
  /** A case with another level. */
  readonly unless?: string
}

const must = (reference: string, unless?: string) => ({ level: 'MUST', reference, ...(unless && { unless }) }) as const
const should = (reference: string) => ({ level: 'SHOULD', reference }) as const
const may = (reference: string) => ({ level: 'MAY', reference }) as const

const CORE = 'OpenID Connect Core'
const VALIDATION = `${CORE} §3.1.3.7`
const USERINFO = `${CORE} §5.3.2`
const USERINFO_VALIDATION = `${CORE} §5.3.4`
const ACCESS_TOKEN = 'RFC 9068 §4'
const LOGOUT = 'OpenID Connect Back-Channel Logout §2.6'
const JARM = 'JARM §2.4'
const ALGORITHM = 'RFC 8725 §3.1'
const JWT = 'RFC 7519 §7.2'
const NOT_BEFORE = 'RFC 7519 §4.1.5'
const KINDS = 'RFC 8725 §3.11'

/** TLS can stand in for the signature of an ID token that comes from the token endpoint. */
const BY_TLS = 'MAY from the token endpoint over TLS'
const signature = must(VALIDATION, BY_TLS)

const TABLE: Readonly<Record<string, Requirement>> = {
  'id_token.bad_signature': signature,
  'id_token.alg_none': must(ALGORITHM),
  'id_token.wrong_alg': should(VALIDATION),
  'id_token.hs256_with_public_key': must(ALGORITHM),
  'id_token.unknown_kid': signature,
  'id_token.unpublished_key': signature,
  'id_token.malformed': must(JWT),
  'id_token.wrong_iss': must(VALIDATION),
  'id_token.wrong_aud': must(VALIDATION),
  'id_token.wrong_typ': may(KINDS),
  'id_token.missing_iss': must(VALIDATION),
  'id_token.missing_aud': must(VALIDATION),
  'id_token.missing_iat': should(`${CORE} §2`),
  'id_token.missing_exp': must(VALIDATION),
  'id_token.expired': must(VALIDATION),
  'id_token.not_yet_valid': must(NOT_BEFORE),
  'id_token.stale_iat': may(VALIDATION),
  'id_token.extra_aud': must(VALIDATION),
  'id_token.wrong_azp': should(VALIDATION),
  'id_token.missing_sub': must(USERINFO),
  'id_token.wrong_nonce': must(VALIDATION, 'MAY if the request had no nonce'),
  'id_token.missing_nonce': must(VALIDATION, 'MAY if the request had no nonce'),
  'id_token.wrong_at_hash': must(`${CORE} §3.2.2.9`, 'MAY from the token endpoint, §3.1.3.8'),
  'id_token.missing_at_hash': must(`${CORE} §3.2.2.9`, 'MAY from the token endpoint, §3.1.3.6'),
  'id_token.wrong_c_hash': must(`${CORE} §3.3.2.10`),
  'id_token.missing_c_hash': must(`${CORE} §3.3.2.11`),
  'id_token.wrong_s_hash': must('FAPI 1.0 Part 2 §5.2.3', 'MAY outside of FAPI'),
  'id_token.missing_s_hash': must('FAPI 1.0 Part 2 §5.2.3', 'MAY outside of FAPI'),
  'access_token.bad_signature': must(ACCESS_TOKEN),
  'access_token.alg_none': must(ACCESS_TOKEN),
  'access_token.wrong_alg': may(ALGORITHM),
  'access_token.hs256_with_public_key': must(ALGORITHM),
  'access_token.unknown_kid': must(ACCESS_TOKEN),
  'access_token.unpublished_key': must(ACCESS_TOKEN),
  'access_token.malformed': must(JWT),
  'access_token.wrong_iss': must(ACCESS_TOKEN),
  'access_token.wrong_aud': must(ACCESS_TOKEN),
  'access_token.wrong_typ': must(ACCESS_TOKEN),
  'access_token.missing_iss': must(ACCESS_TOKEN),
  'access_token.missing_aud': must(ACCESS_TOKEN),
  'access_token.missing_iat': should('RFC 9068 §2.2'),
  'access_token.missing_exp': must(ACCESS_TOKEN),
  'access_token.expired': must(ACCESS_TOKEN),
  'access_token.not_yet_valid': must(NOT_BEFORE),
  'access_token.stale_iat': may('RFC 7519 §4.1.6'),
  'access_token.missing_sub': should('RFC 9068 §2.2'),
  'access_token.missing_scope': must('RFC 6749 §7'),
  'access_token.insufficient_scope': must('RFC 6749 §7'),
  'userinfo.bad_signature': should(USERINFO_VALIDATION),
  'userinfo.alg_none': should(USERINFO_VALIDATION),
  'userinfo.wrong_alg': should(USERINFO_VALIDATION),
  'userinfo.hs256_with_public_key': must(ALGORITHM),
  'userinfo.unknown_kid': should(USERINFO_VALIDATION),
  'userinfo.unpublished_key': should(USERINFO_VALIDATION),
  'userinfo.malformed': must(JWT),
  'userinfo.wrong_iss': must(USERINFO),
  'userinfo.wrong_aud': must(USERINFO),
  'userinfo.wrong_sub': must(USERINFO),
  'userinfo.missing_sub': must(USERINFO),
  'introspection.inactive': must('RFC 6749 §7'),
  'jarm.bad_signature': must(JARM),
  'jarm.alg_none': must(JARM),
  'jarm.wrong_alg': must(JARM),
  'jarm.hs256_with_public_key': must(JARM),
  'jarm.unknown_kid': must(JARM),
  'jarm.unpublished_key': must(JARM),
  'jarm.malformed': must(JWT),
  'jarm.wrong_iss': must(JARM),
  'jarm.wrong_aud': must(JARM),
  'authorize.wrong_state': must('RFC 6749 §10.12', 'MAY with PKCE, RFC 9700 §2.1'),
  'authorize.missing_state': must('RFC 6749 §10.12', 'MAY with PKCE, RFC 9700 §2.1'),
  'authorize.wrong_iss': must('RFC 9207 §2.4'),
  'authorize.missing_iss': must('RFC 9207 §2.4'),
  'token.refresh_wrong_iss': must(`${CORE} §12.2`),
  'token.refresh_wrong_sub': must(`${CORE} §12.2`),
  'discovery.wrong_issuer': must('OpenID Connect Discovery §4.3'),
  'jwks.empty': signature,
  'jwks.reused_kid': signature,
  'jwks.stale': signature,
  'logout_token.bad_signature': must(LOGOUT),
  'logout_token.alg_none': must(LOGOUT),
  'logout_token.wrong_alg': should(LOGOUT),
  'logout_token.hs256_with_public_key': must(ALGORITHM),
  'logout_token.unknown_kid': must(LOGOUT),
  'logout_token.unpublished_key': must(LOGOUT),
  'logout_token.malformed': must(JWT),
  'logout_token.wrong_iss': must(LOGOUT),
  'logout_token.wrong_aud': must(LOGOUT),
  'logout_token.wrong_typ': may(KINDS),
  'logout_token.missing_iss': must(LOGOUT),
  'logout_token.missing_aud': must(LOGOUT),
  'logout_token.missing_iat': should('OpenID Connect Back-Channel Logout §2.4'),
  'logout_token.missing_exp': must(LOGOUT),
  'logout_token.expired': must(LOGOUT),
  'logout_token.not_yet_valid': must(NOT_BEFORE),
  'logout_token.stale_iat': may(LOGOUT),
  'logout_token.missing_events': must(LOGOUT),
  'logout_token.wrong_event': must(LOGOUT),
  'logout_token.with_nonce': must(LOGOUT),
  'logout_token.missing_sub_and_sid': must(LOGOUT),
} satisfies Partial<Record<FaultName, Requirement>>

/** Returns the requirement to reject a fault; undefined if another reaction is expected. */
export const requirementOf = (fault: FaultName): Requirement | undefined => TABLE[fault]

/** A fault as the admin API describes it. */
export type FaultDescription = ReturnType<typeof describeFault>

export function describeFault(fault: FaultName) {
  const { effect, severity, must, endpoints, takes, needs } = FAULT_CATALOGUE[fault]
  const requirement = requirementOf(fault)
  return {
    fault,
    effect,
    severity,
    must,
    endpoints,
    ...(requirement && { requirement }),
    ...(takes && { takes }),
    ...(needs && { needs }),
  }
}

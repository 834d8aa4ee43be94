/** The rules that a profile switches, and what is in force after a configuration had its say about each. */
import type { Config } from '../generated/types.js'

export type Rule = keyof Config['rules']

/** Every rule is on under `strict` and off under `lenient`; what each means stands in the schema. */
export const RULES = [
  'registered_clients',
  'exact_redirect_uris',
  'application_type',
  'consistent_grant_types',
  'known_scopes',
  'openid_scope',
  'nonce_in_front_channel',
  'pkce_for_public_clients',
  'registered_request_uris',
  'one_client_authentication',
  'scope_claims_at_userinfo',
  'requested_claims_only',
  'offline_access',
  'rotate_refresh_tokens',
  'revoke_on_code_reuse',
  'iss_parameter',
  'session_state',
  'registered_post_logout_redirect_uris',
  'verified_id_token_hint',
] as const satisfies readonly Rule[]

/** Whether each rule is on. */
export type Rules = { readonly [R in Rule]: boolean }

/** What the configuration comes to: a rule of its own, else the older key that means the same, else the profile. */
export function resolveRules({ profile, rules, require_registration }: Config): Rules {
  const strict = profile === 'strict'
  const entries = RULES.map((rule) => {
    const otherwise = rule === 'registered_clients' ? strict || require_registration : strict
    return [rule, rules[rule] ?? otherwise]
  })
  return Object.freeze(Object.fromEntries(entries) as Rules)
}

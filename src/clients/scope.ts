/** The scope of a client. OpenID Connect Core §5.4 and §11. */
import type { Finding, Metadata, Settings } from './findings.js'

/** The scopes that need no definition, and the claims that each releases. */
export const STANDARD_SCOPES: Readonly<Record<string, readonly string[]>> = {
  openid: [],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
  // OpenID Connect Core §11: releases a refresh token, not claims.
  offline_access: [],
}

export function* checkScope({ scope = '' }: Metadata, { scopes }: Settings): Iterable<Finding> {
  if (scopes === undefined) return
  const known = [...Object.keys(STANDARD_SCOPES), ...scopes]
  const unknown = scope.split(' ').filter((name) => name !== '' && !known.includes(name))
  for (const name of unknown) {
    const message = `has the scope "${name}", expected a standard scope or one that is defined under scopes`
    yield { path: ['scope'], message }
  }
}

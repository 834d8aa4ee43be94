/** Names what client libraries need of a provider beside the specifications. */
import { type Finding, note } from './finding.js'

/** Returns notes on a provider at this issuer URL. They are no findings: each concerns some libraries only. */
export function* judgeLibraries(issuer: string): Iterable<Finding> {
  const { protocol, pathname } = new URL(issuer)
  if (protocol === 'http:') {
    yield note(
      'https',
      'some libraries refuse plain http unless they are configured for it',
      'openid-client and oauth4webapi: allowInsecureRequests; ASP.NET Core: RequireHttpsMetadata = false; MSAL accepts https only: --tls-self-signed',
    )
  }
  if (pathname === '/') {
    yield note(
      'authority',
      'MSAL accepts only an authority with a path',
      `use an isolated issuer such as ${new URL('/issuers/msal', issuer)} as oidc_authority, or the preset entra`,
    )
  }
  yield note(
    'typ',
    'a resource server of Spring Security with issuer-uri refuses access tokens with the typ at+jwt, the default of this provider',
    'set access_tokens: { typ: JWT }, or the preset of the provider that you imitate',
  )
}

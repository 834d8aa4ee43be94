/** The identifiers of the issuers of a provider (OpenID Connect Core §2, `iss`) and the URL that they share. */
import { type Snapshot, withoutSuffix } from './snapshot.js'

type Named = Pick<Snapshot, 'config' | 'issuer_suffix'>

/** Returns the URL that all issuers are below. @param reached the base URL of the request, used if none is configured. */
export function rootOf({ config: { issuer, public_url }, issuer_suffix }: Named, reached: string): string {
  return issuer === undefined ? (public_url ?? reached) : withoutSuffix(issuer, issuer_suffix)
}

/** Returns the identifier of an issuer. @param own_path empty for the default issuer, or `/issuers/{name}`. */
export function identifierOf(snapshot: Named, reached: string, own_path: string): string {
  const { config, issuer_suffix } = snapshot
  const root = rootOf(snapshot, reached)
  // The configured issuer is used as it is, with or without a slash at its end.
  if (own_path === '' && (config.issuer !== undefined || issuer_suffix === '')) return config.issuer ?? root
  return root.replace(/\/+$/, '') + own_path + issuer_suffix
}

/** By which identifiers the issuers of a provider go (OpenID Connect Core §2, `iss`), and the URL that they are all below. */
import { type Snapshot, withoutSuffix } from './snapshot.js'

type Named = Pick<Snapshot, 'config' | 'issuer_suffix'>

/** @param reached the base by which the provider was reached, for where the configuration names none. */
export function rootOf({ config: { issuer, public_url }, issuer_suffix }: Named, reached: string): string {
  return issuer === undefined ? (public_url ?? reached) : withoutSuffix(issuer, issuer_suffix)
}

/** @param own_path empty for the default issuer, or `/issuers/{name}`. */
export function identifierOf(snapshot: Named, reached: string, own_path: string): string {
  const { config, issuer_suffix } = snapshot
  const root = rootOf(snapshot, reached)
  // As it was written, be it with a slash at its end or without.
  if (own_path === '' && (config.issuer !== undefined || issuer_suffix === '')) return config.issuer ?? root
  return root.replace(/\/+$/, '') + own_path + issuer_suffix
}

/** The sector of a client, for pairwise subject identifiers. OpenID Connect Core §8.1 and OpenID Connect Registration §5. */
import type { Client } from '../directory.js'

/** OpenID Connect Core §8.1: the host of the sector_identifier_uri is the sector, else the only one of the redirect_uris. */
export function hostsOf({
  sector_identifier_uri,
  redirect_uris,
}: Pick<Client, 'sector_identifier_uri' | 'redirect_uris'>): readonly string[] {
  const uris = sector_identifier_uri === undefined ? redirect_uris : [sector_identifier_uri]
  // A wildcard may stand where a URL can have no such character.
  return [...new Set([uris].flat().map((uri) => new URL(uri.replaceAll('*', '1')).hostname))]
}

/** Subject identifiers: public, or pairwise for the sector of a client. OpenID Connect Core §8. */
import { createHash } from 'node:crypto'
import { hostsOf } from '../clients/redirect_uris.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'

/**
 * Returns the subject identifier that a client sees.
 * @param sub the user's own `sub`, as the provider stores it.
 */
export function subjectFor(ctx: Context, client: Client, sub: string): string {
  if (client.subject_type === 'public') return sub
  // OpenID Connect Core §8.1: only the provider can reverse it, and identifiers of two sectors cannot be correlated.
  const { pairwise_salt } = ctx.snapshot.config
  // JSON separates the parts, so that different parts cannot give the same text.
  const source = JSON.stringify([hostsOf(client)[0], sub, pairwise_salt])
  return createHash('sha256').update(source).digest('base64url')
}

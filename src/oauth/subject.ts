/** Which `sub` a client sees of a user: the user's own, or one for the client's sector. OpenID Connect Core §8. */
import { createHash } from 'node:crypto'
import { hostsOf } from '../clients/redirect_uris.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'

/** @param sub the user's own, by which the provider knows the user. */
export function subjectFor(ctx: Context, client: Client, sub: string): string {
  if (client.subject_type === 'public') return sub
  // OpenID Connect Core §8.1: no one but the provider can reverse it, and the sectors' identifiers can't be compared.
  const { pairwise_salt } = ctx.snapshot.config
  // As a list in JSON, where no part can pass for the end of another.
  const source = JSON.stringify([hostsOf(client)[0], sub, pairwise_salt])
  return createHash('sha256').update(source).digest('base64url')
}

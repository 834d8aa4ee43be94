/** The document of a client's sector_identifier_uri. OpenID Connect Core §8.1 and OpenID Connect Registration §5. */
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { invalidClientMetadata, shown } from '../../errors.js'
import { getDocument } from '../../outbound.js'

type Sector = Pick<Client, 'sector_identifier_uri' | 'redirect_uris'>

/** Throws unless the document at the client's sector_identifier_uri lists its redirect_uris. */
export async function verifySector(ctx: Context, client: Sector): Promise<void> {
  const { sector_identifier_uri, redirect_uris } = client
  if (sector_identifier_uri !== undefined) await verifyMembership(ctx, sector_identifier_uri, redirect_uris)
}

/** Throws unless the document is a JSON array with every redirect_uri. OpenID Connect Registration §5. */
async function verifyMembership(ctx: Context, uri: string, redirect_uris: Sector['redirect_uris']): Promise<void> {
  const refusal = (problem: string) => invalidClientMetadata(`sector_identifier_uri ${shown(uri)} ${problem}`)
  // Departure: OpenID Connect Registration §5 requires https. A provider at http accepts http.
  if (new URL(uri).protocol === 'http:' && ctx.issuer.startsWith('https:')) throw refusal('is http, expected https')
  const { body, type } = await getDocument(ctx.snapshot.outbound, uri, 'application/json').catch((error: Error) => {
    throw refusal(error.message)
  })
  if (type !== 'application/json')
    throw refusal(`has the content type ${shown(type) || 'missing'}, expected application/json`)
  const listed = parse(body)
  if (!Array.isArray(listed)) throw refusal('is not a JSON array')
  const missing = [redirect_uris].flat().filter((redirect_uri) => !listed.includes(redirect_uri))
  if (missing.length > 0) throw refusal(`lacks ${shown(missing.join(', '))}, expected all redirect_uris`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

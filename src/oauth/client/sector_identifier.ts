/** The document of a client's sector_identifier_uri. OpenID Connect Core §8.1 and OpenID Connect Registration §5. */
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { invalidClientMetadata, shown, shownUrl } from '../../errors.js'
import { readDocument, readJson } from '../document.js'

type Sector = Pick<Client, 'sector_identifier_uri' | 'redirect_uris'>

/** Throws unless the document at the client's sector_identifier_uri lists its redirect_uris. */
export async function verifySector(ctx: Context, client: Sector): Promise<void> {
  const { sector_identifier_uri, redirect_uris } = client
  if (sector_identifier_uri !== undefined) await verifyMembership(ctx, sector_identifier_uri, redirect_uris)
}

/** Throws unless the document is a JSON array with every redirect_uri. OpenID Connect Registration §5. */
async function verifyMembership(ctx: Context, uri: string, redirect_uris: Sector['redirect_uris']): Promise<void> {
  const refusal = (problem: string) => invalidClientMetadata(`sector_identifier_uri ${shownUrl(uri)} ${problem}`)
  // Departure: OpenID Connect Registration §5 requires https. A provider at http accepts http.
  if (new URL(uri).protocol === 'http:' && ctx.issuer.startsWith('https:')) throw refusal('is http, expected https')
  const document = { member: 'sector_identifier_uri', url: uri, types: ['application/json'], parse } as const
  const listed = await readDocument(ctx, document).catch(({ message }: Error) => {
    throw invalidClientMetadata(message)
  })
  const missing = [redirect_uris].flat().filter((redirect_uri) => !listed.includes(redirect_uri))
  if (missing.length > 0) throw refusal(`lacks ${shown(missing.join(', '))}, expected all redirect_uris`)
}

function parse(text: string): readonly unknown[] {
  const listed = readJson(text)
  if (!Array.isArray(listed)) throw new Error('is not a JSON array')
  return listed
}

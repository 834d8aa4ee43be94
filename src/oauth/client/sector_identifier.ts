/** The sector of a client, for pairwise subject identifiers. OpenID Connect Core §8.1 and OpenID Connect Registration §5. */
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { invalidClientMetadata, shown } from '../../errors.js'
import { getDocument } from '../../outbound.js'

type Sector = Pick<Client, 'sector_identifier_uri' | 'redirect_uris' | 'subject_type'>

/** OpenID Connect Core §8.1: the host of the sector_identifier_uri is the sector, else the only one of the redirect_uris. */
export function hostsOf({ sector_identifier_uri, redirect_uris }: Sector): readonly string[] {
  const uris = [sector_identifier_uri ?? redirect_uris].flat()
  // A wildcard may stand where a URL can have no such character.
  const readable = (uri: string) => (URL.canParse(uri) ? uri : uri.replaceAll('*', '1'))
  return [...new Set(uris.map((uri) => new URL(readable(uri)).hostname))]
}

/** Whether the client has a sector if it needs one, and belongs to the one that it names. */
export async function verifySector(ctx: Context, client: Sector): Promise<void> {
  const { sector_identifier_uri, subject_type } = client
  if (sector_identifier_uri !== undefined) return verifyMembership(ctx, sector_identifier_uri, client.redirect_uris)
  const hosts = hostsOf(client)
  // OpenID Connect Core §8.1: of several hosts none can be the sector. A scheme of an application's own has no host.
  if (subject_type === 'pairwise' && (hosts.length > 1 || hosts.includes(''))) {
    const found = hosts.map((host) => host || 'none').join(', ')
    throw invalidClientMetadata(
      `sector_identifier_uri is missing, expected one for pairwise, since redirect_uris has the hosts ${found}`,
    )
  }
}

/** OpenID Connect Registration §5: the document is a JSON array that has every redirect_uri. */
async function verifyMembership(ctx: Context, uri: string, redirect_uris: Sector['redirect_uris']): Promise<void> {
  const refusal = (problem: string) => invalidClientMetadata(`sector_identifier_uri ${shown(uri)} ${problem}`)
  // Departure: OpenID Connect Registration §5 demands https; a provider that has no https itself takes http as well.
  if (new URL(uri).protocol === 'http:' && ctx.issuer.startsWith('https:')) throw refusal('is http, expected https')
  const { body, type } = await getDocument(ctx.snapshot.outbound, uri, 'application/json').catch((error: Error) => {
    throw refusal(error.message)
  })
  if (type !== 'application/json')
    throw refusal(`has the content type ${shown(type) || 'missing'}, expected application/json`)
  const listed = parse(body)
  if (!Array.isArray(listed)) throw refusal('is no JSON array')
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

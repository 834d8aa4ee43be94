/** Tells the provider's own pages from pages of other sites. RFC 6454 §7 and https://www.w3.org/TR/fetch-metadata/ */
import type { FastifyRequest } from 'fastify'
import type { Snapshot } from '../config/snapshot.js'
import { foreignPage, shown } from '../errors.js'

/** Returns the URLs of the configuration that lead to the provider. */
export const configuredUrls = ({ config: { issuer, public_url, internal_url } }: Snapshot): readonly URL[] =>
  [issuer, public_url, internal_url].flatMap((url) => (url === undefined ? [] : [new URL(url)]))

/**
 * Whether pages of the origin are the provider's own.
 * @param request_url URL of the provider as the request used it.
 */
function isOwnOrigin(origin: string, snapshot: Snapshot, request_url: string): boolean {
  if (!URL.canParse(origin)) return false
  // Without the scheme: a proxy can end TLS and send no X-Forwarded-Proto.
  const { host } = new URL(origin)
  return [...configuredUrls(snapshot), new URL(request_url)].some((url) => url.host === host)
}

/**
 * Refuses a form that a page of another site has posted, since the end-user has not decided anything there.
 * Programs send neither header and pass: only a browser acts on behalf of an end-user without asking.
 */
export function requireOwnPage({ ctx, headers }: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site } = headers
  // Fetch Metadata §2.4: browsers send the header to https and localhost; it cannot be set by scripts.
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return
    throw foreignPage(`Sec-Fetch-Site is ${shown(String(site))}, expected same-origin or none; ${ADVICE}`)
  }
  if (origin === undefined || isOwnOrigin(origin, ctx.snapshot, ctx.request_url)) return
  // RFC 6454 §7.1: a browser sends null in place of an origin that it hides.
  const more = URL.canParse(origin) ? ". If it is the provider's own URL, set public_url to it" : ''
  throw foreignPage(`Origin is ${shown(origin)}, expected ${new URL(ctx.public_url).origin}; ${ADVICE}${more}`)
}

const ADVICE =
  'a page of another site has sent this form, so nothing was changed: open the page of the provider instead'

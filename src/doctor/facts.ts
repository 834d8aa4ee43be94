/** The responses of discovery and JWKS, as a client on this machine receives them. */
import type { Clock } from '../issuer/clock.js'
import { type Fetched, type FetchOptions, fetchJson } from './fetch.js'

export interface Facts {
  /** The requested issuer URL without a trailing slash. */
  readonly asked: string
  readonly discovery: Fetched
  /** Absent if discovery has no jwks_uri. */
  readonly jwks?: Fetched
  /** Local time of the discovery response, in seconds since the epoch. */
  readonly now: number
}

const DISCOVERY = '/.well-known/openid-configuration'

/** Fetches the discovery document and its JWKS. The URL is the issuer or the URL of the document. */
export async function gatherFacts(url: string, clock: Clock, options: FetchOptions): Promise<Facts> {
  const whole = url.replace(/[?#].*$/, '')
  const asked = (whole.endsWith(DISCOVERY) ? whole.slice(0, -DISCOVERY.length) : whole).replace(/\/+$/, '')
  const discovery = await fetchJson(asked + DISCOVERY, options)
  const now = clock.now()
  const jwks_uri = discovery.json?.jwks_uri
  if (typeof jwks_uri !== 'string') return { asked, discovery, now }
  return { asked, discovery, now, jwks: await fetchJson(jwks_uri, options) }
}

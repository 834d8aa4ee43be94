/** Which redirect_uris an application of a kind may have. OpenID Connect Registration §2. */
import type { Context } from '../context.js'
import { invalidRedirectUri, shown } from '../errors.js'
import type { ClientMetadata } from '../store/records.js'
import { enforce } from './rules.js'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Holds each redirect_uri against the rule of the client's application_type. */
export function verifyApplicationType(ctx: Context, { application_type, grant_types, redirect_uris }: ClientMetadata) {
  for (const [index, uri] of redirect_uris.entries()) {
    const expected = application_type === 'native' ? wantedOfNative(uri) : wantedOfWeb(uri, grant_types)
    if (expected === undefined) continue
    const problem = `redirect_uris[${index}] is ${shown(uri)}, expected ${expected}`
    enforce(ctx, 'application_type', invalidRedirectUri(problem))
  }
}

/** A web application with the implicit grant has https, and no localhost. */
function wantedOfWeb(uri: string, grant_types: readonly string[]): string | undefined {
  const { protocol, hostname } = new URL(uri)
  if (!grant_types.includes('implicit') || (protocol === 'https:' && hostname !== 'localhost')) return undefined
  return 'https and another host than localhost, since the application_type is web and the grant_types have implicit'
}

/** A native application has a scheme of its own, or http at this machine. */
function wantedOfNative(uri: string): string | undefined {
  const { protocol, hostname } = new URL(uri)
  if (protocol !== 'https:' && (protocol !== 'http:' || LOOPBACK.includes(hostname))) return undefined
  return `a scheme of its own, or http with one of ${LOOPBACK.join(', ')}, since the application_type is native`
}

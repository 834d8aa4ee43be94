/** Issuer discovery by WebFinger. OpenID Connect Discovery §2 and RFC 7033: https://www.rfc-editor.org/rfc/rfc7033#section-4 */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, shown } from '../errors.js'
import { readParams } from '../oauth/params.js'
import { findIssuerName, PATHS } from '../routes.js'

/** OpenID Connect Discovery §2: the only supported relation. */
const ISSUER = 'http://openid.net/specs/connect/1.0/issuer'

// Departure: RFC 7033 §4 requires https; a mock answers over http as well.
export const webfinger: FastifyPluginAsync = async (app) => {
  app.get(PATHS.webfinger, async ({ ctx, query }, reply) => {
    const { rel, ...rest } = query as Readonly<Record<string, string | string[]>>
    const resource = readResource(readParams(rest).find('resource'))
    // RFC 7033 §4.3: `rel`, which may be repeated, selects links; without it, all are returned.
    const isSelected = rel === undefined || [rel].flat().includes(ISSUER)
    const links = isSelected ? [{ rel: ISSUER, href: issuerOf(ctx, resource) }] : []
    // RFC 7033 §10.2.
    return reply.type('application/jrd+json; charset=utf-8').send({ subject: resource, links })
  })
}

/** Returns the resource. RFC 7033 §4.2: a missing resource, or one that is not a URI, is a bad request. */
function readResource(resource: string | undefined): string {
  if (resource === undefined || !/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(resource)) {
    const found = resource === undefined ? 'missing' : shown(resource)
    throw invalidRequest(
      `resource is ${found}, expected a URI such as acct:alice@example.com or https://example.com/alice`,
    )
  }
  return resource
}

/** Returns this issuer, at which every user can log in, or the isolated issuer that the URL lies below. */
function issuerOf({ issuer, own_path }: Context, resource: string): string {
  const isUrl = /^https?:/i.test(resource) && URL.canParse(resource)
  const name = own_path === '' && isUrl ? findIssuerName(new URL(resource).pathname) : undefined
  return name === undefined ? issuer : `${issuer.replace(/\/+$/, '')}/issuers/${name}`
}

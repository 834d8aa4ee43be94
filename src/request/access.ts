/** Access to administration: the admin token, if one is configured, and no page of another origin (RFC 6454 §7). */
import type { FastifyRequest } from 'fastify'
import { foreignPage, invalidToken, shown } from '../errors.js'
import { requireBearerToken } from '../oauth/bearer_token.js'
import { isSameSecret } from '../oauth/secret.js'
import { findRoute } from '../routes.js'

/** A hook that refuses what the route table does not allow the caller. */
export async function requireAccess(request: FastifyRequest): Promise<void> {
  const { access } = findRoute(request.routeOptions.url)!
  if (access === 'public') return
  if (access === 'admin') refuseForeignOrigin(request)
  requireAdminToken(request)
}

function refuseForeignOrigin({ ctx, headers }: FastifyRequest): void {
  const { origin } = headers
  const own = [ctx.public_url, ctx.request_url].map((url) => new URL(url).origin)
  if (origin === undefined || own.includes(origin)) return
  throw foreignPage(`Origin is ${shown(origin)}, expected none, or ${[...new Set(own)].join(' or ')}`)
}

/** RFC 6750 §2.1: the token is sent in the Authorization header. */
function requireAdminToken({ ctx, headers }: FastifyRequest): void {
  const { admin_token } = ctx.snapshot.config.server
  if (admin_token === undefined) return
  const token = requireBearerToken(headers.authorization, 'admin token')
  if (!isSameSecret(token, admin_token)) {
    throw invalidToken('the admin token is not the one of server.admin_token')
  }
}

/** Who may drive the mock: who has the token, if there is one, and no page of another site (RFC 6454 §7). */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { foreignOrigin, invalidToken, shown } from '../errors.js'
import { requireBearerToken } from '../oauth/bearer_token.js'

/** A hook for the routes of administration. */
export async function refuseForeignOrigin({ ctx, headers }: FastifyRequest): Promise<void> {
  const { origin } = headers
  const own = [ctx.public_url, ctx.request_url].map((url) => new URL(url).origin)
  if (origin === undefined || own.includes(origin)) return
  throw foreignOrigin(`Origin is ${shown(origin)}, expected none, or ${[...new Set(own)].join(' or ')}`)
}

/** A hook likewise. RFC 6750 §2.1: the token comes in the header. */
export async function requireAdminToken({ ctx, headers }: FastifyRequest): Promise<void> {
  const { admin_token } = ctx.snapshot.config.server
  if (admin_token === undefined) return
  const token = requireBearerToken(headers.authorization, 'admin token')
  // How long it takes must not tell how much of it was right.
  if (!timingSafeEqual(digest(token), digest(admin_token))) {
    throw invalidToken('the admin token is not the one of server.admin_token')
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

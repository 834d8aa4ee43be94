/** Who may drive the mock: programs, and the provider's own pages, but no page of another site (RFC 6454 §7). */
import type { FastifyRequest } from 'fastify'
import { foreignOrigin, shown } from '../oauth/errors.js'

/** A hook for the routes of administration. */
export async function refuseForeignOrigin({ ctx, headers }: FastifyRequest): Promise<void> {
  const { origin } = headers
  const own = [ctx.public_url, ctx.request_url].map((url) => new URL(url).origin)
  if (origin === undefined || own.includes(origin)) return
  throw foreignOrigin(`Origin is ${shown(origin)}, expected none, or ${[...new Set(own)].join(' or ')}`)
}

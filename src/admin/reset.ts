/** Back to the beginning: an issuer, or some parts of it, as if nothing had happened there. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { PATHS } from '../routes.js'
import type { Store } from '../store/store.js'
import { answer, listOf, object } from './schema.js'

/** What each part is: collections of the store, and what has a reset of its own. */
const PARTS: Readonly<Record<string, (ctx: Context) => unknown>> = {
  users: (ctx) => clear(ctx, ['users', 'recent_users']),
  clients: (ctx) => clear(ctx, ['clients', 'documents']),
  tokens: (ctx) => clear(ctx, ['authorization_codes', 'spent_tokens', 'access_tokens', 'refresh_tokens', 'used_jtis']),
  sessions: (ctx) => clear(ctx, ['sessions', 'self_logins']),
  grants: (ctx) => clear(ctx, ['grants', 'consents']),
  device_codes: (ctx) => clear(ctx, ['device_codes', 'device_answers']),
  clock: ({ clock }) => clock.reset(),
  keys: (ctx) => ctx.resetKeys(),
  faults: ({ faults }) => faults.reset(),
  journal: ({ journal }) => journal.clear(),
}

const NAMES = { ...listOf({ enum: Object.keys(PARTS) }), uniqueItems: true }

export const reset: FastifyPluginAsync = async (app) => {
  const schema = {
    tags: ['reset'],
    summary: 'Reset the issuer',
    description: 'Or some parts of it. What the configuration says stays in force.',
    body: object({ parts: { ...NAMES, description: 'Left out, all of them.', minItems: 1 } }),
    response: { 200: answer('It is as it was at the beginning.', { reset: { ...NAMES, description: 'The parts.' } }) },
  }
  app.post<{ Body: { parts?: string[] } }>(
    PATHS.admin_reset,
    { schema, config: { answer: 'json' } },
    async ({ ctx, body: { parts = Object.keys(PARTS) }, log }) => {
      for (const part of parts) await PARTS[part]!(ctx)
      log.info({ parts }, 'issuer reset')
      return { reset: parts }
    },
  )
}

async function clear({ store }: Context, collections: readonly (keyof Store)[]): Promise<void> {
  for (const name of collections) await store[name].clear()
}

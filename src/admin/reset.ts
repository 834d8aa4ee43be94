/** Resets the issuer, or parts of it, to the configuration. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { PATHS } from '../routes.js'
import { COLLECTIONS, type CollectionName, type ResetPart } from '../store/collections.js'
import { listOf, object, responseWith } from './schema.js'

/** Parts of the issuer. The table `COLLECTIONS` names the collections of each part. */
const PARTS: Readonly<Record<ResetPart | 'journal', (ctx: Context) => unknown>> = {
  users: (ctx) => clear(ctx, 'users'),
  clients: (ctx) => clear(ctx, 'clients'),
  tokens: (ctx) => clear(ctx, 'tokens'),
  sessions: (ctx) => clear(ctx, 'sessions'),
  grants: (ctx) => clear(ctx, 'grants'),
  device_codes: (ctx) => clear(ctx, 'device_codes'),
  clock: ({ clock }) => clock.reset(),
  keys: ({ keys }) => keys.reset(),
  faults: ({ faults }) => faults.reset(),
  journal: ({ journal }) => journal.clear(),
}

const NAMES = { ...listOf({ enum: Object.keys(PARTS) }), uniqueItems: true }

export const reset: FastifyPluginAsync = async (app) => {
  const schema = {
    tags: ['reset'],
    summary: 'Reset the issuer',
    description: 'Resets all parts of the issuer, or the given parts, to the configuration.',
    body: object({ parts: { ...NAMES, description: 'Parts to reset. Absent: all parts.', minItems: 1 } }),
    response: {
      200: responseWith('The reset is complete.', { reset: { ...NAMES, description: 'The parts.' } }),
    },
  }
  app.post<{ Body: { parts?: string[] } }>(
    PATHS.admin_reset,
    { schema },
    async ({ ctx, body: { parts = Object.keys(PARTS) } }) => {
      for (const part of parts) await PARTS[part as keyof typeof PARTS](ctx)
      ctx.log.info({ parts }, 'issuer reset')
      return { reset: parts }
    },
  )
}

async function clear({ store }: Context, part: ResetPart): Promise<void> {
  const names = (Object.keys(COLLECTIONS) as CollectionName[]).filter((name) => COLLECTIONS[name].reset === part)
  for (const name of names) await store[name].clear()
}

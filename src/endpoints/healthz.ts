/** Whether the process serves, and whether it serves what the files say now. */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../routes.js'

/** What `GET /healthz` answers, always with 200 while the process serves. */
export interface Health {
  readonly status: 'ok'
  /** `stale`: the files changed, but what they say now is in error, so what they said before still holds. */
  readonly config: { readonly status: 'current' | 'stale'; readonly problems: readonly object[] }
}

export const healthz: FastifyPluginAsync<{ health: () => Health }> = async (app, { health }) => {
  app.get(PATHS.healthz, async () => health())
}

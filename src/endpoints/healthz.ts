/** Health of the process and of its configuration. */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../routes.js'

/** The response of `GET /healthz`, with status 200 as long as the process serves requests. */
export interface Health {
  readonly status: 'ok'
  /** `stale`: the changed files have errors, so the earlier configuration is still in force. */
  readonly config: { readonly status: 'current' | 'stale'; readonly problems: readonly object[] }
}

export const healthz: FastifyPluginAsync<{ health: () => Health }> = async (app, { health }) => {
  app.get(PATHS.healthz, async () => health())
}

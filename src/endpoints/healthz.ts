/** Health of the process and of its configuration. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Problem } from '../config/errors.js'
import { PATHS } from '../routes.js'

/** The health of the process, which serves requests whatever the status of the configuration. */
export interface Health {
  readonly status: 'ok'
  /** `stale`: the changed files have errors, so the earlier configuration is still in force. */
  readonly config: {
    readonly status: 'current' | 'stale'
    readonly problems: readonly Problem[]
    /** Warnings of the configuration in force, for the admin API. */
    readonly warnings: readonly object[]
  }
}

export interface HealthzOptions {
  health(): Health
  /** Whether the caller may use the admin API. */
  mayAdminister(request: FastifyRequest): boolean
}

/** Problems quote the files, so only callers who may use the admin API see them. */
export const healthz: FastifyPluginAsync<HealthzOptions> = async (app, { health, mayAdminister }) => {
  app.get(PATHS.healthz, async (request) => {
    const { status, config } = health()
    const { problems } = config
    const shown = mayAdminister(request) ? { problems } : {}
    return { status, config: { status: config.status, problem_count: problems.length, ...shown } }
  })
}

/** The schema of the configuration, for editors. */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../routes.js'

export const configSchema: FastifyPluginAsync<{ schema: object }> = async (app, { schema }) => {
  app.get(PATHS.config_schema, async (_request, reply) =>
    reply.type('application/schema+json; charset=utf-8').send(schema),
  )
}

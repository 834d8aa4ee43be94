/** The schemas of the configuration and of flat lists of users, for editors. */
import type { FastifyPluginAsync } from 'fastify'
import { createPublishedSchema, readUsersSchema } from '../config/published.js'
import { PATHS } from '../routes.js'

export const configSchema: FastifyPluginAsync = async (app) => {
  const documents = [
    [PATHS.config_schema, createPublishedSchema],
    [PATHS.users_schema, readUsersSchema],
  ] as const
  for (const [path, create] of documents) {
    app.get(path, async (_request, reply) => reply.type('application/schema+json; charset=utf-8').send(create()))
  }
}

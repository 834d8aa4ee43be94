/** The OpenAPI 3.1 document of the admin API, derived from its routes. https://spec.openapis.org/oas/v3.1.0 */
import type { FastifyPluginAsync } from 'fastify'
import { readCalledUrl } from '../request/origin.js'
import { PATHS } from '../routes.js'
import { mayBeMissing, type Schema } from './schema.js'

interface Operation {
  readonly requestBody?: {
    required: boolean
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>
  }
}

const SCHEMA = {
  tags: ['openapi'],
  summary: 'Get this document',
  response: { 200: { type: 'object', description: 'OpenAPI 3.1.' } },
}

export const openapi: FastifyPluginAsync<{ components: Schema }> = async (app, { components }) => {
  app.get(PATHS.openapi, { schema: SCHEMA }, async (request) => {
    const { ctx } = request
    const { paths = {}, ...document } = app.swagger()
    for (const { requestBody } of Object.values(paths).flatMap((path): Operation[] => Object.values(path))) {
      if (requestBody === undefined) continue
      requestBody.required = Object.values(requestBody.content).some(({ schema }) => !mayBeMissing(schema))
    }
    const admin_token = { type: 'http', scheme: 'bearer', description: '`server.admin_token` of the configuration.' }
    return {
      ...document,
      servers: [
        { url: readCalledUrl(ctx.snapshot, request) + ctx.own_path, description: 'The issuer of this request.' },
      ],
      ...(ctx.snapshot.config.server.admin_token !== undefined && { security: [{ admin_token: [] }] }),
      components: { schemas: components, securitySchemes: { admin_token } },
      paths,
    }
  })
}

/** The identifiers of this issuer and of isolated issuers. */
import type { FastifyPluginAsync } from 'fastify'
import { identifierOf } from '../config/issuer_identifier.js'
import { PATHS } from '../routes.js'
import { responseWith, text } from './schema.js'

const SCHEMA = {
  tags: ['config'],
  summary: 'Get the issuer identifiers',
  response: {
    200: responseWith('The identifiers.', {
      issuer: text('Identifier of this issuer, as in `iss`.'),
      isolated_issuer: text('Identifier of an isolated issuer, with `{name}` for its name.'),
    }),
  },
}

export const issuer: FastifyPluginAsync = async (app) => {
  app.get(PATHS.admin_issuer, { schema: SCHEMA }, async ({ ctx }) => ({
    issuer: ctx.issuer,
    isolated_issuer: identifierOf(ctx.snapshot, ctx.request_url, '/issuers/{name}'),
  }))
}

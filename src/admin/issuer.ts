/** By which identifiers this issuer and its isolated neighbours go: what a program that drives the provider has to know first. */
import type { FastifyPluginAsync } from 'fastify'
import { identifierOf } from '../config/issuer_identifier.js'
import { PATHS } from '../routes.js'
import { answer, text } from './schema.js'

const SCHEMA = {
  tags: ['config'],
  summary: 'Get the issuer identifiers',
  response: {
    200: answer('The identifiers.', {
      issuer: text('That of this issuer, as in `iss`.'),
      isolated_issuer: text('That of an isolated issuer, with `{name}` for its name.'),
    }),
  },
}

export const issuer: FastifyPluginAsync = async (app) => {
  app.get(PATHS.admin_issuer, { config: { answer: 'json' }, schema: SCHEMA }, async ({ ctx }) => ({
    issuer: ctx.issuer,
    isolated_issuer: identifierOf(ctx.snapshot, ctx.request_url, '/issuers/{name}'),
  }))
}

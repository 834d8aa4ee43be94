/** The home page, at the URL of the issuer. */
import type { FastifyPluginAsync } from 'fastify'
import { listPredefinedClients, listPredefinedUsers } from '../interaction/listed.js'
import { readParams } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { PATHS } from '../routes.js'

export const home: FastifyPluginAsync = async (app) => {
  app.get(PATHS.home, async ({ ctx, query }, reply) => {
    const filter = readParams(query).find('filter')
    const page = renderPage('home', {
      issuer: ctx.issuer,
      base_path: ctx.base_path,
      discovery: ctx.base_path + PATHS.discovery,
      authorization_endpoint: ctx.base_path + PATHS.authorization_endpoint,
      self_login: ctx.base_path + PATHS.self_login,
      users: await listPredefinedUsers(ctx, filter),
      clients: await listPredefinedClients(ctx, filter),
      ...(filter !== undefined && { filter }),
      isolated: ctx.own_path !== '',
      profile: ctx.snapshot.config.profile,
      rules: Object.values(ctx.snapshot.rules),
    })
    return reply.type('text/html; charset=utf-8').send(page)
  })
}

/** The home page, at the URL of the issuer. */
import type { FastifyPluginAsync } from 'fastify'
import { listPredefinedClients, listPredefinedUsers } from '../interaction/listed.js'
import { listEndpoints } from '../oauth/endpoints.js'
import { readParams } from '../oauth/params.js'
import { renderPage } from '../pages/render.js'
import { PATHS } from '../routes.js'

/** Routes that a browser can open without parameters. */
const LINKS = [
  ['self_login', 'Self-login', 'Try a login without an application'],
  ['discovery', 'Discovery document', 'Metadata for client libraries'],
  ['jwks_uri', 'Keys', 'Public keys that verify tokens (JWKS)'],
  ['device', 'Connect a device', 'Enter the code that a device shows'],
  ['end_session_endpoint', 'End session', 'Log out in this browser'],
] as const

export const home: FastifyPluginAsync = async (app) => {
  app.get(PATHS.home, async ({ ctx, query }, reply) => {
    const params = readParams(query)
    const filter = params.find('filter')
    const lookup = { text: filter, page: params.find('page') }
    const frame = ctx.frame()
    const links = LINKS.map(([route, name, about]) => ({ name, url: ctx.base_path + PATHS[route], about }))
    const journal = frame.journal && { name: 'Journal', url: frame.journal, about: 'The last requests and responses' }
    const page = renderPage(
      'home',
      {
        issuer: ctx.issuer,
        base_path: ctx.base_path,
        links: [...links, ...(journal ? [journal] : [])],
        endpoints: listEndpoints(ctx).map(({ name, url, methods }) => ({
          name,
          url,
          methods: methods.filter((method) => method !== 'HEAD').join(', '),
        })),
        users: await listPredefinedUsers(ctx, lookup),
        clients: await listPredefinedClients(ctx, lookup),
        ...(filter !== undefined && { filter }),
        isolated: ctx.own_path !== '',
        profile: ctx.snapshot.config.profile,
        rules: Object.values(ctx.snapshot.rules),
      },
      frame,
    )
    return reply.type('text/html; charset=utf-8').send(page)
  })
}

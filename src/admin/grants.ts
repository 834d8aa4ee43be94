/** Lists and ends grants. The end of a grant revokes its codes and tokens. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { nothingHere, shown } from '../errors.js'
import { PATHS } from '../routes.js'
import { sendList } from './list.js'
import { listOf, noContent, object, pathParameter, responseWith, type Schema, text, time } from './schema.js'

const tags = ['grants']

const MEMBERS: Readonly<Record<string, Schema>> = {
  grant_id: text('Identifier of the grant.'),
  client_id: text('Client of the grant.'),
  scope: text('Granted scope, separated by spaces.'),
}
const GRANT = object(
  {
    ...MEMBERS,
    sub: text('End-user of the grant; absent for a grant without one.'),
    auth_time: time('Time of the login'),
    sid: text('Session identifier of the login.'),
    acr: text('Authentication context class of the login.'),
    claims: { type: 'object', description: 'The parameter `claims` of the request (OpenID Connect Core §5.5).' },
    flow_id: text('Identifier of the flow in journal entries.'),
    faults: { ...listOf({ $ref: '#/components/schemas/Fault' }), description: 'Faults chosen for this login.' },
  },
  Object.keys(MEMBERS),
)

export const grants: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List grants',
    querystring: object({ sub: text('Only grants of this user.'), client_id: text('Only grants of this client.') }),
    response: { 200: responseWith('The grants.', { grants: listOf(GRANT) }) },
  }
  app.get<{ Querystring: Filter }>(PATHS.admin_grants, { schema: list }, async ({ ctx, query }, reply) =>
    sendList(reply, 'grants', listGrants(ctx, query)),
  )

  const remove = {
    tags,
    summary: 'End a grant',
    description: 'Ends the grant and all its codes and tokens.',
    params: pathParameter('grant_id', 'The identifier of the grant.'),
    response: { 204: noContent('The grant and all its tokens have ended.') },
  }
  app.delete<{ Params: { grant_id: string } }>(
    PATHS.admin_grant,
    { schema: remove },
    async ({ ctx, params: { grant_id } }, reply) => {
      if ((await ctx.store.grants.take(grant_id)) === undefined) {
        throw nothingHere(`there is no grant ${shown(grant_id)}`)
      }
      ctx.log.info({}, 'grant ended')
      return reply.code(204).send()
    },
  )
}

interface Filter {
  readonly sub?: string
  readonly client_id?: string
}

async function* listGrants({ store }: Context, { sub, client_id }: Filter) {
  for await (const [grant_id, { expires_at: _, refresh_ended: __, ...grant }] of store.grants.each()) {
    if ((sub ?? grant.sub) !== grant.sub || (client_id ?? grant.client_id) !== grant.client_id) continue
    yield { grant_id, ...grant }
  }
}

/** Clients at run time, over those of the configuration. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { type ClientRecord, findClientRecord, listClients, putClient, removeClient } from '../directory/clients.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { PATHS } from '../routes.js'
import { mergePatch, requireOwnIssuer, requirePart } from './part.js'
import { component, listOf, noContent, pathParameter, responseWith } from './schema.js'

type Body = Readonly<Record<string, unknown>>
type Route = { Params: { client_id: string }; Body: Body }

const tags = ['clients']
const inPath = pathParameter('client_id', 'The client identifier.')
const CLIENT = { ...component('ClientAnswer'), description: 'The client, with its secrets.' }

export const clients: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List clients',
    description: 'Those of the file, those that were put, and those that registered themselves.',
    response: { 200: responseWith('The clients, with their secrets.', { clients: listOf(component('ClientAnswer')) }) },
  }
  app.get(PATHS.admin_clients, { schema: list }, async ({ ctx }) => ({ clients: await listClients(ctx) }))

  const get = { tags, summary: 'Get a client', params: inPath, response: { 200: CLIENT } }
  app.get<Route>(PATHS.admin_client, { schema: get }, ({ ctx, params }) => requireClient(ctx, params.client_id))

  const put = {
    tags,
    summary: 'Put a client',
    description: 'The whole client, over one of the file with the same `client_id`, until it is deleted or reset.',
    params: inPath,
    body: component('ClientBody'),
    response: { 200: CLIENT, 201: { ...CLIENT, description: 'The client, which is new, with its secrets.' } },
  }
  app.put<Route>(PATHS.admin_client, { schema: put }, async ({ ctx, params, body, log }, reply) => {
    const { client_id } = params
    const before = await findClientRecord(ctx, client_id)
    await keep(ctx, client_id, body, { origin: 'put', client_id_issued_at: ctx.now })
    log.info({ client_id }, 'client put')
    return reply.code(before === undefined ? 201 : 200).send(await requireClient(ctx, client_id))
  })

  const patch = {
    tags,
    summary: 'Change a client',
    description: 'A merge patch (RFC 7396) of what counts now: members replace, objects are merged, null removes.',
    params: inPath,
    consumes: ['application/json', 'application/merge-patch+json'],
    body: { type: 'object', description: 'Members of the client.', minProperties: 1 },
    response: { 200: CLIENT },
  }
  app.patch<Route>(PATHS.admin_client, { schema: patch }, async ({ ctx, params, body, log }) => {
    const { client_id } = params
    const { metadata, own } = divide(await requireClient(ctx, client_id))
    const { client_id_issued_at = ctx.now, origin } = own
    // One that registered itself goes on managing its registration.
    const kept = { ...own, client_id_issued_at, origin: origin === 'registered' ? origin : ('put' as const) }
    await keep(ctx, client_id, mergePatch(metadata, body), kept, body)
    log.info({ client_id }, 'client changed')
    return requireClient(ctx, client_id)
  })

  const remove = {
    tags,
    summary: 'Delete a client',
    description:
      'With its grants and tokens. Nobody is this client until it is put, or clients are reset, though unknown clients may be let in.',
    params: inPath,
    response: { 204: noContent('The client is gone.') },
  }
  app.delete<Route>(PATHS.admin_client, { schema: remove }, async ({ ctx, params, log }, reply) => {
    const { client_id } = await requireClient(ctx, params.client_id)
    await removeClient(ctx, client_id)
    log.info({ client_id }, 'client deleted')
    return reply.code(204).send()
  })
}

async function requireClient(ctx: Context, client_id: string): Promise<ClientRecord> {
  const client = await findClientRecord(ctx, client_id)
  if (client === undefined) throw nothingHere(`there is no client ${shown(client_id)}`)
  return client
}

/** What a client of the file can say, and what only the provider adds. */
function divide(client: ClientRecord) {
  const { origin, client_id_issued_at, client_secret_expires_at, ...rest } = client
  const { registration_access_token, software_statement, localized, ...metadata } = rest
  const added = { client_secret_expires_at, registration_access_token, software_statement, localized }
  const own = Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined)) as typeof added
  return { metadata, own: { ...own, origin, client_id_issued_at } }
}

type Own = Omit<ReturnType<typeof divide>['own'], 'origin' | 'client_id_issued_at'>

/** Puts what is as good as a client of the file, of which some was given just now. */
async function keep(
  ctx: Context,
  client_id: string,
  body: Body,
  { origin, ...own }: Partial<Own> & { origin: 'put' | 'registered'; client_id_issued_at: number },
  given = body,
): Promise<void> {
  if (body.client_id !== undefined && body.client_id !== client_id) {
    throw invalidRequest(`/client_id must be that of the path, which is ${shown(client_id)}, or be left out`)
  }
  const client = requirePart(ctx, 'Client', { ...body, client_id })
  if (given.faults !== undefined) requireOwnIssuer(ctx, client.faults ?? [], 'faults')
  await putClient(ctx, { ...client, ...own, ...(origin === 'put' && { origin }) })
}

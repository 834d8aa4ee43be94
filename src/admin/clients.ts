/** Clients of the configuration and of run time. */
import type { FastifyPluginAsync } from 'fastify'
import { pruneJwks } from '../clients/keys.js'
import type { Context } from '../context.js'
import { type ClientRecord, findClientRecord, listClients, putClient, removeClient } from '../directory/clients.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { PATHS } from '../routes.js'
import { sendList } from './list.js'
import { mergePatch, requireOwnIssuer, requirePart } from './part.js'
import { component, listOf, noContent, pathParameter, refusedIf, responseWith } from './schema.js'

type Body = Readonly<Record<string, unknown>>
type Route = { Params: { client_id: string }; Body: Body }

const tags = ['clients']
const inPath = pathParameter('client_id', 'The client identifier.')
const INVALID = refusedIf(
  '`client_id` differs from the path, the configuration file cannot have the client, such as one whose `access_tokens.claims` have a claim that the provider sets, or a fault matches another issuer',
)
const CLIENT = {
  ...component('ClientAnswer'),
  description:
    'The client, with its secrets. A client that leaves out token_endpoint_auth_method, grant_types or response_types has none of them here.',
}

export const clients: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List clients',
    description: 'The clients of the file, clients that were put, and clients that registered themselves.',
    response: { 200: responseWith('The clients, with their secrets.', { clients: listOf(component('ClientAnswer')) }) },
  }
  app.get(PATHS.admin_clients, { schema: list }, async ({ ctx }, reply) => sendList(reply, 'clients', listClients(ctx)))

  const get = { tags, summary: 'Get a client', params: inPath, response: { 200: CLIENT } }
  app.get<Route>(PATHS.admin_client, { schema: get }, ({ ctx, params }) => requireClient(ctx, params.client_id))

  const put = {
    tags,
    summary: 'Put a client',
    description:
      'Replaces the whole client, also one of the file with the same `client_id`, until the client is deleted or clients are reset.',
    params: inPath,
    body: component('ClientBody'),
    response: { 200: CLIENT, 201: { ...CLIENT, description: 'The new client, with its secrets.' }, 400: INVALID },
  }
  app.put<Route>(PATHS.admin_client, { schema: put }, async ({ ctx, params, body }, reply) => {
    const { client_id } = params
    const before = await findClientRecord(ctx, client_id)
    await keep(ctx, client_id, body, { origin: 'put', client_id_issued_at: ctx.now })
    ctx.log.info({ client_id }, 'client put')
    return reply.code(before === undefined ? 201 : 200).send(await requireClient(ctx, client_id))
  })

  const patch = {
    tags,
    summary: 'Change a client',
    description:
      'Applies a merge patch (RFC 7396) to the current client: members replace, objects are merged, null removes.',
    params: inPath,
    consumes: ['application/json', 'application/merge-patch+json'],
    body: { type: 'object', description: 'Members of the client.', minProperties: 1 },
    response: { 200: CLIENT, 400: INVALID },
  }
  app.patch<Route>(PATHS.admin_client, { schema: patch }, async ({ ctx, params, body }) => {
    const { client_id } = params
    const { metadata, own } = divide(await requireClient(ctx, client_id))
    const { client_id_issued_at = ctx.now, origin } = own
    // A client that registered itself can still manage its registration.
    const kept = { ...own, client_id_issued_at, origin: origin === 'registered' ? origin : ('put' as const) }
    await keep(ctx, client_id, mergePatch(metadata, body), kept, body)
    ctx.log.info({ client_id }, 'client changed')
    return requireClient(ctx, client_id)
  })

  const remove = {
    tags,
    summary: 'Delete a client',
    description:
      'Deletes the client with its grants and tokens. A client of the file stays deleted until it is put or clients are reset.',
    params: inPath,
    response: { 204: noContent('The client was deleted.') },
  }
  app.delete<Route>(PATHS.admin_client, { schema: remove }, async ({ ctx, params }, reply) => {
    const { client_id } = await requireClient(ctx, params.client_id)
    await removeClient(ctx, client_id)
    ctx.log.info({ client_id }, 'client deleted')
    return reply.code(204).send()
  })
}

async function requireClient(ctx: Context, client_id: string): Promise<ClientRecord> {
  const client = await findClientRecord(ctx, client_id)
  if (client === undefined) throw nothingHere(`there is no client ${shown(client_id)}`)
  return client
}

/** Separates the members that a file can have from those that only the provider adds. */
function divide(client: ClientRecord) {
  const { origin, client_id_issued_at, client_secret_expires_at, ...rest } = client
  const { registration_access_token, software_statement, localized, ...metadata } = rest
  const added = { client_secret_expires_at, registration_access_token, software_statement, localized }
  const own = Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined)) as typeof added
  return { metadata, own: { ...own, origin, client_id_issued_at } }
}

type Own = Omit<ReturnType<typeof divide>['own'], 'origin' | 'client_id_issued_at'>

/**
 * Stores a client that is valid by the rules of the file.
 * @param given the members of the request.
 */
async function keep(
  ctx: Context,
  client_id: string,
  body: Body,
  { origin, ...own }: Partial<Own> & { origin: 'put' | 'registered'; client_id_issued_at: number },
  given = body,
): Promise<void> {
  if (body.client_id !== undefined && body.client_id !== client_id) {
    throw invalidRequest(
      `/client_id is "${shown(String(body.client_id))}", expected "${shown(client_id)}" as in the path`,
    )
  }
  const client = pruneJwks(requirePart(ctx, 'Client', { ...body, client_id }))
  if (given.faults !== undefined) requireOwnIssuer(ctx, client.faults ?? [], 'faults')
  await putClient(ctx, { ...client, ...own, ...(origin === 'put' && { origin }) })
}

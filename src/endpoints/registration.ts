/** Dynamic client registration and its management. RFC 7591 §3, RFC 7592 §2 and OpenID Connect Registration §3 and §4. */
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { findSecretUse } from '../clients/authentication.js'
import { UNBOUND_DEFAULTS } from '../clients/members.js'
import type { Context } from '../context.js'
import { deleteClient, findRegistered, putClient, type RuntimeClient, replaceRegistered } from '../directory/clients.js'
import { invalidClientMetadata, invalidToken, shown } from '../errors.js'
import { requireBearerToken } from '../oauth/bearer_token.js'
import { readClientMetadata } from '../oauth/client/metadata.js'
import { readJson } from '../oauth/params.js'
import { listScopes } from '../oauth/scopes.js'
import { isSameSecret } from '../oauth/secret.js'
import { randomToken } from '../random.js'
import { PATHS } from '../routes.js'
import type { ClientMetadata } from '../store/records.js'

type Params = { Params: { client_id: string } }

export const registration: FastifyPluginAsync = async (app) => {
  app.post(PATHS.registration_endpoint, async ({ ctx, headers, body }, reply) => {
    requireInitialAccess(ctx, headers.authorization)
    const metadata = await readClientMetadata(ctx, readJson(headers['content-type'], body, invalidClientMetadata))
    const client: RuntimeClient = {
      client_id: randomToken(),
      client_id_issued_at: ctx.now,
      ...secretFor(ctx, metadata),
      registration_access_token: randomToken(),
      ...metadata,
    }
    await putClient(ctx, client)
    ctx.log.info({ client_id: client.client_id, redirect_uris: client.redirect_uris }, 'client registered')
    return send(ctx, reply.code(201), client)
  })

  app.get<Params>(PATHS.client_configuration, async ({ ctx, headers, params }, reply) =>
    send(ctx, reply, await requireRegistered(ctx, headers.authorization, params.client_id)),
  )

  app.put<Params>(PATHS.client_configuration, async ({ ctx, headers, params, body }, reply) => {
    const before = await requireRegistered(ctx, headers.authorization, params.client_id)
    const { client_id, client_id_issued_at, registration_access_token } = before
    const wanted = readUpdate(before, readJson(headers['content-type'], body, invalidClientMetadata))
    const metadata = await readClientMetadata(ctx, wanted)
    const secret = secretFor(ctx, metadata, before)
    const client = { client_id, client_id_issued_at, ...secret, registration_access_token, ...metadata }
    // A client that was deleted while its documents were fetched stays deleted.
    if (!(await replaceRegistered(ctx, client))) throw notRegistered(client_id)
    ctx.log.info({ client_id, redirect_uris: client.redirect_uris }, 'client changed')
    return send(ctx, reply, client)
  })

  app.delete<Params>(PATHS.client_configuration, async ({ ctx, headers, params }, reply) => {
    const { client_id } = await requireRegistered(ctx, headers.authorization, params.client_id)
    await deleteClient(ctx, client_id)
    ctx.log.info({ client_id }, 'client deleted')
    return reply.code(204).header('cache-control', 'no-store').send()
  })
}

/** Sends the registered metadata with the members that the provider has added. RFC 7591 §3.2.1 and RFC 7592 §3. */
function send(ctx: Context, reply: FastifyReply, { localized, ...client }: RuntimeClient): FastifyReply {
  const registration_client_uri = `${ctx.internal_url}${PATHS.registration_endpoint}/${client.client_id}`
  // RFC 7591 §3.2.1: the response has secrets, so it must not be cached.
  return reply
    .header('cache-control', 'no-store')
    .send({ ...UNBOUND_DEFAULTS, ...defaultScope(ctx, client), ...client, ...localized, registration_client_uri })
}

/**
 * Returns the scopes that a client without a registered scope can request, if one of them is needed for a refresh token.
 * RFC 7591 §2: the provider can have a default. OpenID Connect Core §11.
 */
function defaultScope({ snapshot }: Context, { grant_types }: RuntimeClient): { readonly scope?: string } {
  const needed = snapshot.rules.offline_access && grant_types?.includes('refresh_token')
  return needed ? { scope: [...listScopes(snapshot).keys()].join(' ') } : {}
}

/** Throws unless the request has the initial access token, if the configuration sets one. RFC 7591 §3. */
function requireInitialAccess({ snapshot }: Context, authorization: string | undefined): void {
  const { initial_access_token } = snapshot.config.registration
  if (initial_access_token === undefined) return
  if (!isSameSecret(requireBearerToken(authorization, 'initial access token'), initial_access_token)) {
    throw invalidToken('the initial access token is not the one of registration.initial_access_token')
  }
}

/** Returns the client that the registration access token belongs to. A deleted client is refused like an unknown one. RFC 7592 §2.1. */
async function requireRegistered(
  ctx: Context,
  authorization: string | undefined,
  client_id: string,
): Promise<RuntimeClient> {
  const token = requireBearerToken(authorization, 'registration access token')
  const client = await findRegistered(ctx, client_id)
  if (client === undefined) throw notRegistered(client_id)
  if (!isSameSecret(token, client.registration_access_token!)) {
    throw invalidToken(`the registration access token is not the one of client ${shown(client_id)}`)
  }
  return client
}

const notRegistered = (client_id: string) => invalidToken(`no client ${shown(client_id)} has registered itself here`)

/** Reads the metadata that replaces the registered metadata. A member that is absent or null is removed. RFC 7592 §2.2. */
function readUpdate(
  before: RuntimeClient,
  request: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  for (const name of PROVIDER_MEMBERS) {
    if (request[name] !== undefined) throw invalidClientMetadata(`${name} is present, expected a request without it`)
  }
  // RFC 7592 §2.2: the request can have these members, but must not change them.
  // Departure: RFC 7592 §2.2 requires client_id, which the URL has already.
  for (const name of ['client_id', 'client_secret'] as const) {
    if (request[name] !== undefined && request[name] !== before[name]) {
      throw invalidClientMetadata(`${name} differs from the client's own, expected the same or none`)
    }
  }
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null))
}

/** Members that only the provider sets. */
const PROVIDER_MEMBERS = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const

/** Returns the secret of a client that needs one: the present secret until it expires, then a new one. RFC 7591 §3.2.1: 0 is never. */
function secretFor(
  { now, snapshot }: Context,
  metadata: ClientMetadata,
  before?: RuntimeClient,
): Pick<RuntimeClient, 'client_secret' | 'client_secret_expires_at'> {
  if (findSecretUse({ ...UNBOUND_DEFAULTS, ...metadata }) === undefined) return {}
  const { client_secret, client_secret_expires_at = 0 } = before ?? {}
  const valid = client_secret_expires_at === 0 || client_secret_expires_at > now
  if (client_secret !== undefined && valid) return { client_secret, client_secret_expires_at }
  const lifetime = snapshot.lifetimes.client_secret
  return {
    client_secret: randomToken(),
    client_secret_expires_at: lifetime === undefined ? 0 : now + lifetime,
  }
}

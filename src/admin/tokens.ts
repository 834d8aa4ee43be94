/** Mints, lists and revokes tokens. */
import type { FastifyPluginAsync } from 'fastify'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Context } from '../context.js'
import { invalidRequest, nothingHere } from '../errors.js'
import { PATHS } from '../routes.js'
import type { AccessToken, Grant, RefreshToken } from '../store/records.js'
import { type MintRequest, mintTokens, TOKEN_KINDS } from '../tokens/mint.js'
import { sendList } from './list.js'
import {
  boolean,
  component,
  integer,
  listOf,
  object,
  refusedIf,
  responseWith,
  type Schema,
  text,
  time,
} from './schema.js'

interface Filter {
  readonly sub?: string
  readonly client_id?: string
  readonly kind?: 'access_token' | 'refresh_token'
}

/** Maximum lifetime in seconds: 100 years. */
const LONGEST = 3_155_760_000

const tags = ['tokens']

const ORDER = object(
  {
    sub: text('Subject of the tokens. An unknown `sub` creates a user.', { minLength: 1, maxLength: 255 }),
    client_id: text('Client of the tokens.', { minLength: 1, maxLength: 255 }),
    scope: text('Scope, separated by spaces.', { default: 'openid', maxLength: 8192 }),
    aud: {
      description: 'Audience. Absent: the audience of a token of that kind.',
      anyOf: [{ type: 'string' }, listOf({ type: 'string' })],
    },
    claims: {
      ...component('Claims'),
      description: 'Claims that replace claims of the tokens; null removes a claim.',
    },
    expires_in: integer(
      'Lifetime in seconds; zero or less: already expired, and issued before that. Absent: the configured lifetime.',
      {
        minimum: -LONGEST,
        maximum: LONGEST,
      },
    ),
    kind: { description: 'Kind of token. Absent: one token of each kind.', enum: [...TOKEN_KINDS] },
  },
  ['sub', 'client_id'],
)
const MINTED = object(
  {
    grant_id: text('Grant of the tokens. They end with it.'),
    flow_id: text('Identifier of the flow in journal entries.'),
    access_token: text('Access token, valid until it expires.'),
    id_token: text("ID token, signed and encrypted as in the client's metadata."),
    refresh_token: text('Refresh token, valid until it expires.'),
  },
  ['grant_id', 'flow_id'],
)

const FILTER = {
  sub: text('Only tokens of this user.'),
  client_id: text('Only tokens of this client.'),
  kind: { description: 'Only tokens of this kind.', enum: ['access_token', 'refresh_token'] },
}
const MEMBERS: Readonly<Record<string, Schema>> = {
  token: text('The token itself.'),
  kind: { description: 'Kind of token.', enum: ['access_token', 'refresh_token'] },
  client_id: text('Client of the token.'),
  scope: text('Scope, separated by spaces.'),
  grant_id: text('Grant of the token.'),
  expires_at: time('Expiry of the token'),
  expired: boolean('Whether the token has expired.'),
}
const TOKEN = object(
  {
    ...MEMBERS,
    sub: text('End-user of the token; absent for a grant without one.'),
    header: { type: 'object', description: 'Header, if the token is a JWT.' },
    payload: { type: 'object', description: 'Claims, if the token is a JWT or an opaque access token.' },
  },
  Object.keys(MEMBERS),
)

export const tokens: FastifyPluginAsync = async (app) => {
  const mint = {
    tags,
    summary: 'Mint tokens',
    description:
      'Issues tokens without a login, for any client, or with the rule `registered_clients` for a configured or registered one. Every endpoint accepts them like tokens of a login.',
    body: ORDER,
    response: {
      201: { ...MINTED, description: 'The tokens.' },
      400: refusedIf(
        'the client does not exist, the user was deleted, or the ID token cannot be encrypted to the client',
      ),
    },
  }
  app.post<{ Body: MintRequest }>(PATHS.admin_tokens, { schema: mint }, async ({ ctx, body }, reply) => {
    const minted = await mintTokens(ctx, body)
    ctx.log.info({ sub: body.sub, client_id: body.client_id, scope: body.scope }, 'tokens minted')
    return reply.code(201).send(minted)
  })

  const list = {
    tags,
    summary: 'List tokens',
    description: 'Access and refresh tokens whose grant has not ended. ID tokens are not stored.',
    querystring: object(FILTER),
    response: { 200: responseWith('The tokens.', { tokens: listOf(TOKEN) }) },
  }
  app.get<{ Querystring: Filter }>(PATHS.admin_tokens, { schema: list }, async ({ ctx, query }, reply) =>
    sendList(reply, 'tokens', listTokens(ctx, query)),
  )

  const revoke = {
    tags,
    summary: 'Revoke tokens',
    description: 'Revokes one token, or all tokens of a user, a client or both. A refresh token ends its grant.',
    body: { ...object({ token: text('Only this token.'), ...FILTER }), minProperties: 1 },
    response: {
      200: responseWith('The tokens are revoked.', { revoked: integer('Number of revoked tokens.') }),
      400: refusedIf('`token` is combined with another member'),
    },
  }
  app.post<{ Body: Filter & { token?: string } }>(
    PATHS.admin_tokens_revoke,
    { schema: revoke },
    async ({ ctx, body: { token, ...filter } }) => {
      if (token !== undefined && Object.keys(filter).length > 0) {
        throw invalidRequest(
          `/token is set with ${Object.keys(filter).join(', ')}, expected the token alone or a filter`,
        )
      }
      const chosen: KeptToken[] = []
      for await (const one of listTokens(ctx, filter)) {
        if ((token ?? one.token) === one.token)
          chosen.push({ token: one.token, kind: one.kind, grant_id: one.grant_id })
      }
      if (token !== undefined && chosen.length === 0) throw nothingHere('there is no such token')
      for (const one of chosen) await revokeToken(ctx, one)
      ctx.log.info({ ...filter, revoked: chosen.length }, 'tokens revoked')
      return { revoked: chosen.length }
    },
  )
}

async function* listTokens({ store, now }: Context, { sub, client_id, kind }: Filter) {
  const known = new Map<string, Omit<Grant, 'claims'>>()
  for await (const [grant_id, { claims: _, ...grant }] of store.grants.each()) {
    if ((sub ?? grant.sub) !== grant.sub || (client_id ?? grant.client_id) !== grant.client_id) continue
    known.set(grant_id, grant)
  }
  for (const own of ['access_token', 'refresh_token'] as const) {
    if ((kind ?? own) !== own) continue
    for await (const [token, record] of store[`${own}s`].each()) {
      const { grant_id, expires_at } = record
      const grant = known.get(grant_id)
      if (grant === undefined || (own === 'refresh_token' && grant.refresh_ended)) continue
      const scope = 'scope' in record ? record.scope : grant.scope
      const about = { sub: grant.sub, client_id: grant.client_id, scope, grant_id }
      yield { token, kind: own, ...about, expires_at, expired: expires_at <= now, ...decode(token, record) }
    }
  }
}

interface KeptToken {
  readonly token: string
  readonly kind: 'access_token' | 'refresh_token'
  readonly grant_id: string
}

/** RFC 7009 §2.1: a refresh token takes the access tokens of its grant with it. */
async function revokeToken({ store }: Context, { token, kind, grant_id }: KeptToken) {
  if (kind === 'refresh_token') await store.grants.delete(grant_id)
  else await store.access_tokens.delete(token)
}

function decode(token: string, record: AccessToken | RefreshToken) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) }
  } catch {
    return 'claims' in record ? { payload: record.claims } : {}
  }
}

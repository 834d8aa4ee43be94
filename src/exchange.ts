/** What a request is about, found out before anything is done; and its entry in the journal, once it is answered. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeJwt } from 'jose'
import type { Context } from './context.js'
import { endpointOf } from './endpoints/paths.js'
import { decodeTokens } from './mock/decoded_token.js'
import type { Facts } from './mock/faults.js'
import { words } from './oauth/params.js'
import { readPicked } from './picked.js'
import { randomToken } from './random.js'
import type { Grant } from './store/store.js'

type Parameters = Readonly<Record<string, unknown>>

/** Tells the context what can be told from the request and from what it refers to. Nothing is used up, and nothing refused. */
export async function identify({ ctx, routeOptions, query, body, headers }: FastifyRequest): Promise<void> {
  const endpoint = endpointOf(routeOptions.url)
  if (endpoint === undefined) return
  const parameters: Parameters = { ...(query as object), ...(typeof body === 'object' && body) }
  const { client_id, grant_type, scope, resource } = parameters
  const facts: Partial<Facts> = {
    endpoint,
    ...textOf({ client_id: client_id ?? clientOf(headers.authorization, parameters), grant_type, scope }),
    ...(endpoint === 'authorization' && textOf({ sub: parameters.as ?? parameters.account ?? parameters.sub })),
    ...(resource !== undefined && { resource: [resource].flat().map(String) }),
  }
  const { grant, flow_id } = await findGrant(ctx, parameters, headers.authorization)
  if (endpoint === 'authorization') {
    const carried = parameters.flow_id
    ctx.learn({ ...facts, flow_id: isFlowId(carried) ? carried : createFlowId() })
    ctx.exchange.picked = readPicked({ ...(typeof body === 'object' && body) }).rules
  } else ctx.learn({ ...facts, flow_id })
  if (grant !== undefined) learnGrant(ctx, grant)
}

/** Says that the exchange is part of what an end-user granted. */
export function learnGrant(ctx: Context, { sub, client_id, scope, flow_id, faults }: Grant): void {
  ctx.learn({ sub, client_id, scope: words(`${scope} ${ctx.exchange.facts.scope ?? ''}`).join(' '), flow_id })
  ctx.exchange.picked = faults ?? ctx.exchange.picked
}

/** What the exchanges of one login have in common from now on. */
export const createFlowId = () => randomToken().slice(0, 22)

const isFlowId = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{22}$/.test(value)

/** The members that are texts. */
function textOf<K extends string>(members: Readonly<Record<K, unknown>>): { [M in K]?: string } {
  const texts = Object.entries(members).filter(([, value]) => typeof value === 'string' && value !== '')
  return Object.fromEntries(texts) as { [M in K]?: string }
}

/** RFC 6749 §2.3.1 and RFC 7523 §3: whom the client says it is; nobody has verified it. */
function clientOf(authorization: string | undefined, { client_assertion }: Parameters): string | undefined {
  const [, basic] = /^basic +(\S+)$/i.exec(authorization ?? '') ?? []
  try {
    if (basic !== undefined) return decodeURIComponent(Buffer.from(basic, 'base64').toString().split(':')[0]!)
    return typeof client_assertion === 'string' ? decodeJwt(client_assertion).sub : undefined
  } catch {
    return undefined
  }
}

/** What was granted, by the code or the token that came. */
async function findGrant(
  { store }: Context,
  { code, refresh_token, token, access_token, device_code }: Parameters,
  authorization: string | undefined,
): Promise<{ readonly grant?: Grant; readonly flow_id?: string | undefined }> {
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const found = [
    await lookUp(store.authorization_codes, code),
    await lookUp(store.spent_tokens, code),
    await lookUp(store.refresh_tokens, refresh_token ?? token),
    await lookUp(store.access_tokens, bearer ?? access_token ?? token),
    await lookUp(store.device_answers, device_code),
  ].find((one) => one !== undefined)
  const grant = found?.grant_id === undefined ? undefined : await store.grants.get(found.grant_id)
  if (grant !== undefined) return { grant, flow_id: grant.flow_id }
  return { flow_id: (await lookUp(store.device_codes, device_code))?.flow_id }
}

async function lookUp<R>(collection: { get(key: string): Promise<R | undefined> }, key: unknown) {
  return typeof key === 'string' ? collection.get(key) : undefined
}

/** Writes the exchange into the journal, before the first byte of the answer leaves, or when a fault has kept it back. */
export function recordExchange(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
  const { ctx, method, url, headers, body } = request
  const { facts, flow_id, remarks, applied } = ctx.exchange
  if (facts.endpoint === undefined) return
  const { issuer: _, ...about } = facts
  const answer = typeof payload === 'string' ? parse(payload) : undefined
  ctx.journal.add({
    at: ctx.clock.now(),
    ...about,
    ...(flow_id !== undefined && { flow_id }),
    request: { method, url, headers, ...(body !== undefined && { body }) },
    ...(!reply.sent && {
      response: {
        status: reply.statusCode,
        headers: reply.getHeaders(),
        ...(answer !== undefined && { body: answer }),
      },
    }),
    tokens: decodeTokens({ ...(typeof answer === 'object' && answer) }),
    remarks,
    faults: applied,
  })
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}

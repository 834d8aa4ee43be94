/** Identifies a request before it is handled: client, user, scope, grant and flow, for fault rules and the journal. */
import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.js'
import { resolveSub } from '../directory/names.js'
import { readFaultChoice } from '../faults/choice.js'
import type { Facts } from '../faults/rules.js'
import { decodeTokens } from '../journal/decoded_token.js'
import { chooseReading, readBasic } from '../oauth/client/basic.js'
import { findByUserCode } from '../oauth/device_code.js'
import { createFlowId } from '../oauth/grant.js'
import { words } from '../oauth/params.js'
import { endpointOf } from '../routes.js'
import type { DeviceCode, Grant } from '../store/records.js'

type Parameters = Readonly<Record<string, unknown>>

/** Maximum length of a parameter; every endpoint refuses longer ones. */
const MAX_LENGTH = 8192

/** Adds facts from the request, and from the records that it refers to, to the context. It redeems and refuses nothing. */
export async function identify(request: FastifyRequest): Promise<void> {
  const { ctx, routeOptions, query, body, headers } = request
  const endpoint = endpointOf(routeOptions.url)
  if (endpoint === undefined) return
  const form = readFields(body)
  const parameters: Parameters = { ...(query as object), ...form }
  const { client_id } = request.params as { client_id?: string }
  const { grant, device, flow_id } = await findFlow(ctx, endpoint, parameters, headers.authorization)
  // The grant of the flow decides between the readings of a Basic header.
  ctx.addFacts({ flow_id: flow_id ?? newFlow(endpoint, parameters) })
  const claimed = await findClaimedClient(ctx, headers.authorization, parameters)
  const facts = readFacts(endpoint, parameters, claimed)
  ctx.addFacts({ ...facts, ...(client_id !== undefined && { client_id }) })
  // The text that the end-user types can be another name of a user.
  if (facts.sub !== undefined) ctx.addFacts({ sub: await resolveSub(ctx, facts.sub) })
  if (device !== undefined) ctx.addFacts({ client_id: device.client_id, scope: device.scope })
  if (endpoint === 'authorization') ctx.exchange.login_faults = readFaultChoice(form).rules
  if (grant !== undefined) addGrantFacts(ctx, grant)
}

/** Returns the fields of a form. The filter of a page keeps the typed subject and the chosen fault, which do not count yet. */
function readFields(body: unknown): Parameters {
  const form: Parameters = { ...(typeof body === 'object' && body) }
  if (form.action !== 'filter') return form
  const { sub: _, error: __, fault: ___, ...rest } = form
  return rest
}

/** Adds the facts of a grant. The client that sends the request takes precedence over the client of the grant. */
function addGrantFacts(ctx: Context, { sub, client_id, scope, flow_id, faults }: Grant): void {
  const { facts } = ctx.exchange
  ctx.addFacts({
    ...(sub !== undefined && { sub }),
    client_id: facts.client_id ?? client_id,
    scope: words(`${scope} ${facts.scope ?? ''}`).join(' '),
    flow_id,
  })
  ctx.exchange.login_faults = faults ?? ctx.exchange.login_faults
}

function readFacts(endpoint: string, parameters: Parameters, claimed: unknown): Partial<Facts> {
  const { client_id, grant_type, scope, resource } = parameters
  const resources = [resource].flat().filter(isText)
  return {
    endpoint,
    // RFC 9101 §5: a parameter may be in the request object only.
    ...textOf(payloadOf(parameters.request), ['client_id', 'scope']),
    ...textOf({ client_id: claimed }, ['client_id']),
    ...textOf({ client_id, scope, grant_type }, ['client_id', 'scope', 'grant_type']),
    ...((endpoint === 'authorization' || endpoint === 'device') &&
      textOf({ sub: parameters.as ?? parameters.account ?? parameters.sub }, ['sub'])),
    ...(resources.length > 0 && { resource: resources }),
  }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH

/** Returns the named members whose values are texts. */
function textOf<K extends string>(members: Parameters, names: readonly K[]): { readonly [M in K]?: string } {
  const texts = names.filter((name) => Object.hasOwn(members, name) && isText(members[name]))
  return Object.fromEntries(texts.map((name) => [name, members[name]])) as { [M in K]?: string }
}

const payloadOf = (jwt: unknown): Parameters => decodeTokens({ jwt })[0]?.payload ?? {}

/** RFC 6749 §2.3.1 and RFC 7523 §3: returns the client_id that the request claims, not verified. */
async function findClaimedClient(
  ctx: Context,
  authorization: string | undefined,
  { client_assertion, id_token_hint }: Parameters,
): Promise<unknown> {
  const [first, ...others] = readBasic(authorization ?? '')
  if (first !== undefined) {
    const { reading, client } = await chooseReading(ctx, [first, ...others])
    const isKnown = client !== undefined && client.redirect_uris !== 'any'
    // A text without a colon can be a secret.
    return isKnown || reading.client_secret !== undefined ? reading.client_id : undefined
  }
  return payloadOf(client_assertion).sub ?? [payloadOf(id_token_hint).aud].flat()[0]
}

/** The flow that a request continues. */
interface Flow {
  readonly grant?: Grant | undefined
  readonly flow_id?: string | undefined
  /** The device code that the end-user is asked to approve. */
  readonly device?: DeviceCode | undefined
}

/** Finds the flow by the code or token of the request, by the form of a page, or by the hint of a logout. */
async function findFlow(
  ctx: Context,
  endpoint: string,
  parameters: Parameters,
  authorization: string | undefined,
): Promise<Flow> {
  const { store } = ctx
  const { code, refresh_token, token, access_token, device_code, user_code, id_token_hint, flow_id } = parameters
  if (endpoint === 'authorization') return { flow_id: isFlowId(flow_id) ? flow_id : undefined }
  if (endpoint === 'end_session') return flowOf(await findHinted(store, payloadOf(id_token_hint)))
  if (endpoint === 'device') {
    const { record: device } = (isText(user_code) ? await findByUserCode(ctx, user_code) : undefined) ?? {}
    return { flow_id: device?.flow_id, device }
  }
  const [, bearer] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  const found =
    (await lookUp(store.authorization_codes, code)) ??
    (await lookUp(store.refresh_tokens, refresh_token ?? token)) ??
    (await lookUp(store.access_tokens, bearer ?? access_token ?? token))
  const device = found === undefined ? await lookUp(store.device_codes, device_code) : undefined
  const grant = await lookUp(store.grants, found?.grant_id ?? device?.answer?.grant_id)
  return grant === undefined ? { flow_id: device?.flow_id } : flowOf(grant)
}

const flowOf = (grant: Grant | undefined): Flow => ({ grant, flow_id: grant?.flow_id })

const isFlowId = (value: unknown): value is string => isText(value) && /^[\w-]{22}$/.test(value)

async function lookUp<R>(collection: { get(key: string): Promise<R | undefined> }, key: unknown) {
  return isText(key) ? collection.get(key) : undefined
}

/** OpenID Connect Front-Channel Logout §3: returns the latest grant of the login that the client of the ID token has. */
async function findHinted({ grants }: Context['store'], { sid, aud }: Parameters): Promise<Grant | undefined> {
  if (!isText(sid)) return undefined
  const ofLogin = (await grants.listBy('sid', sid)).map(([, grant]) => grant)
  return ofLogin.findLast(({ client_id }) => [aud].flat().includes(client_id))
}

/** Returns a new flow id for a request that can lead to a grant and has none yet. */
function newFlow(endpoint: string, { code, refresh_token, device_code }: Parameters): string | undefined {
  const redeemed = code ?? refresh_token ?? device_code
  const begins = endpoint === 'authorization' || (endpoint === 'token' && redeemed === undefined)
  return begins ? createFlowId() : undefined
}

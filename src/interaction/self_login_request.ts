/** The form of the built-in relying party, and the authorization request that it leads to. */
import { createHash } from 'node:crypto'
import { RESPONSE_TYPES } from '../clients/response_types.js'
import type { Context } from '../context.js'
import { type Client, findClient, SELF_LOGIN } from '../directory/clients.js'
import { shown } from '../errors.js'
import type { ResponseType } from '../generated/types.js'
import { VALUES } from '../generated/values.js'
import { type Params, words } from '../oauth/params.js'
import { PROMPTS } from '../oauth/prompt.js'
import { findResponseType } from '../oauth/response_type.js'
import { listScopes } from '../oauth/scopes.js'
import type { Pages } from '../pages/render.js'
import { PATHS } from '../routes.js'
import type { SelfLogin } from '../store/self_login.js'
import { listPredefinedClients } from './listed.js'

/** The login that the form asks for. */
export interface Choice {
  readonly client_id: string
  readonly scope: string
  readonly response_type: ResponseType
  readonly prompt: string | undefined
}

const DEFAULT_SCOPE = 'openid profile email address phone'
/** The response types with which a login ends. */
const OFFERED = VALUES.ResponseType.filter((type) => type !== 'none')
/** Number of scopes that can be ticked. */
const MOST_SCOPES = 100

/** Reads the form. A form without fields asks for a login of the built-in client with its usual scopes. */
export function readChoice(form: Params): Choice | { readonly problem: string } {
  const isChosen = form.find('response_type') !== undefined
  const response_type = findResponseType(form.find('response_type') ?? 'code')
  if (response_type === undefined || response_type === 'none') {
    return {
      problem: `response_type is ${shown(String(form.find('response_type')))}, expected one of ${OFFERED.join(', ')}`,
    }
  }
  const scope = words([...form.all('scope'), ...form.all('more_scopes')].join(' ')).join(' ')
  return {
    client_id: form.find('client_id') ?? SELF_LOGIN,
    scope: isChosen ? scope : DEFAULT_SCOPE,
    response_type,
    prompt: form.find('prompt'),
  }
}

/** Says why the built-in relying party cannot log in as the client; undefined if it can. */
export async function findObstacle(ctx: Context, { client_id, response_type }: Choice): Promise<string | undefined> {
  if (client_id === SELF_LOGIN) return undefined
  const client = await findClient(ctx, client_id)
  if (client === undefined)
    return `client_id is ${shown(client_id)}, expected a client that is registered or in the configuration`
  if (client.redirect_uris === 'any') return undefined
  // Its tokens are as good as minted ones, which the admin API issues.
  if (ctx.frame().may_administer !== true) {
    return `client_id is ${shown(client_id)}, expected another one: tokens of a registered client need access to the admin API, which this browser does not have`
  }
  return RESPONSE_TYPES[response_type].code ? findMissingProof(client) : undefined
}

function findMissingProof({ token_endpoint_auth_method: method }: Client): string | undefined {
  const known = ['any', 'none', 'client_secret_basic', 'client_secret_post']
  if (known.includes(method)) return undefined
  return `the token_endpoint_auth_method of the client is ${method}, expected one without a key of the client; choose a response_type without code`
}

/** Describes the form with the values of the last submission. */
export async function describeForm(
  ctx: Context,
  choice: Choice | undefined,
  problem?: string,
): Promise<Pages['self_login']> {
  const scopes = [...listScopes(ctx.snapshot).keys()].slice(0, MOST_SCOPES)
  const wanted = words(choice?.scope ?? DEFAULT_SCOPE)
  return {
    action: ctx.base_path + PATHS.self_login,
    issuer: ctx.issuer,
    client_id: choice?.client_id ?? '',
    clients: (await listPredefinedClients(ctx, {})).items,
    scopes: scopes.map((name) => ({ name, checked: wanted.includes(name) })),
    more_scopes: wanted.filter((name) => !scopes.includes(name)).join(' '),
    prompts: PROMPTS,
    ...(choice?.prompt !== undefined && { prompt: choice.prompt }),
    response_types: OFFERED,
    response_type: choice?.response_type ?? 'code',
    ...(problem !== undefined && { problem }),
  }
}

/** Returns the query of the authorization request. Tokens return by a form, since a page without script cannot read a fragment. */
export function authorizationQuery(login: SelfLogin, prompt: string | undefined): string {
  const { client_id, redirect_uri, response_type, scope, state, nonce, code_verifier } = login
  const { code } = RESPONSE_TYPES[response_type as ResponseType]
  return new URLSearchParams({
    client_id,
    redirect_uri,
    response_type,
    ...(response_type !== 'code' && { response_mode: 'form_post' }),
    scope,
    state,
    nonce,
    ...(prompt !== undefined && { prompt }),
    ...(code && {
      code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }),
  }).toString()
}

/** The requests of the built-in relying party after the login, and its verdict. OpenID Connect Core §3.1.3 and §5.3. */
import type { FastifyInstance, FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify'
import { RESPONSE_TYPES } from '../clients/response_types.js'
import { type Context, IN_PROCESS } from '../context.js'
import { type Client, findClient } from '../directory/clients.js'
import { shown } from '../errors.js'
import type { ResponseType } from '../generated/types.js'
import { isObject, parseJson } from '../journal/decode.js'
import { decodeTokens } from '../journal/decoded_token.js'
import { type Params, words } from '../oauth/params.js'
import { PATHS } from '../routes.js'
import type { Check, SelfLogin, SelfLoginOutcome } from '../store/self_login.js'
import { checkIdToken, type Expected } from '../tokens/verdict.js'

type Members = Readonly<Record<string, unknown>>
type Call = (request: InjectOptions) => Promise<LightMyRequestResponse>
type Refusal = { readonly error: string; readonly error_description: string }

/** Members of the authorization response that the page shows. */
const SHOWN = ['code', 'id_token', 'access_token', 'token_type', 'expires_in', 'scope', 'state', 'iss', 'session_state']

/** Redeems the code, reads userinfo and checks the tokens as an application does. */
export async function completeLogin(
  app: FastifyInstance,
  { ctx }: FastifyRequest,
  login: SelfLogin,
  params: Params,
): Promise<SelfLoginOutcome | Refusal> {
  const call = createCall(app, ctx)
  const client = await findClient(ctx, login.client_id)
  if (client === undefined)
    return { error: 'invalid_client', error_description: `client ${shown(login.client_id)} no longer exists` }
  const front = Object.fromEntries(
    SHOWN.flatMap((name) => (params.find(name) === undefined ? [] : [[name, params.find(name)!]])),
  )
  const parts = RESPONSE_TYPES[login.response_type as ResponseType]
  const back = parts.code ? await redeem(call, ctx, client, login, front.code ?? '') : {}
  if ('error' in back) return back as Refusal
  // The tokens are issued after the time of this request.
  const { now, ahead, frozen } = await ctx.clock.status()
  const access_token = textOf(back.access_token) ?? front.access_token
  const userinfo = access_token === undefined ? undefined : await readUserinfo(call, ctx, access_token)
  const expected: Expected = {
    client,
    issuer: ctx.issuer,
    jwks: await readJwks(call, ctx),
    nonce: login.nonce,
    state: login.state,
    now,
  }
  const own_id_token = textOf(back.id_token)
  const id_token = own_id_token ?? front.id_token
  const sub = id_token === undefined ? undefined : textOf(claimsOf(id_token)?.sub)
  const openid = words(login.scope).includes('openid')
  const checks = [
    { heading: 'Authorization response', checks: checkResponse(ctx, login, front) },
    front.id_token !== undefined && {
      heading: 'ID token of the authorization response',
      checks: await checkIdToken(front.id_token, { ...expected, front }),
    },
    parts.code && { heading: 'Token response', checks: checkTokenResponse(back, openid) },
    own_id_token !== undefined && {
      heading: front.id_token === undefined ? 'ID token' : 'ID token of the token response',
      checks: await checkIdToken(own_id_token, { ...expected, access_token: textOf(back.access_token) }),
    },
    userinfo !== undefined && openid && { heading: 'Userinfo', checks: [checkUserinfo(userinfo, sub)] },
  ].filter((group) => group !== false)
  const found = sub ?? textOf(userinfo?.claims.sub)
  return {
    checks,
    documents: [
      ...describeToken('ID token', id_token),
      ...describeToken('Access token', access_token),
      ...(userinfo === undefined ? [] : [{ heading: 'Userinfo', claims: userinfo.claims }]),
      ...(parts.code ? [{ heading: 'Token response', claims: shorten(back) }] : []),
      { heading: 'Authorization response', claims: shorten(front) },
    ],
    other_time: frozen || ahead !== 0,
    ...(found !== undefined && { sub: found }),
    ...(id_token !== undefined && { id_token }),
  }
}

/** Calls the endpoints within the process, since the public URL may not be reachable. The same base URL gives the same issuer. */
function createCall(app: FastifyInstance, ctx: Context): Call {
  const { host, protocol, pathname } = new URL(ctx.request_url)
  const base = { host, 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-prefix': pathname }
  return (request) =>
    app.inject({
      ...request,
      url: ctx.own_path + String(request.url),
      remoteAddress: IN_PROCESS,
      headers: { ...base, ...request.headers },
    })
}

async function redeem(
  call: Call,
  { base_path }: Context,
  client: Client,
  { redirect_uri, code_verifier }: SelfLogin,
  code: string,
): Promise<Members> {
  const { client_id, client_secret } = client
  const inForm = client_secret === undefined || client.token_endpoint_auth_method === 'client_secret_post'
  const response = await call({
    method: 'POST',
    url: PATHS.token_endpoint,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(!inForm && { authorization: basic(client_id, client_secret) }),
    },
    payload: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri,
      code_verifier,
      ...(inForm && { client_id }),
      ...(inForm && client_secret !== undefined && { client_secret }),
    }).toString(),
  })
  const answer = readJson(response)
  if (response.statusCode === 200 && answer !== undefined) return answer
  const { error, error_description } = answer ?? {}
  const found = `POST ${base_path}${PATHS.token_endpoint} answered with status ${response.statusCode}`
  return {
    error: textOf(error) ?? 'invalid_response',
    error_description: textOf(error_description) ?? `${found}, expected 200 and a JSON object`,
  }
}

/** RFC 6749 §2.3.1: both halves are form-urlencoded. */
function basic(client_id: string, client_secret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString('base64')}`
}

async function readJwks(call: Call, { base_path }: Context): Promise<Expected['jwks']> {
  const response = await call({ url: PATHS.jwks_uri })
  const jwks = readJson(response)
  if (response.statusCode === 200 && Array.isArray(jwks?.keys)) return { keys: jwks.keys }
  return `GET ${base_path}${PATHS.jwks_uri} answered with status ${response.statusCode}, expected 200 and a JWKS`
}

interface Userinfo {
  readonly status: number
  readonly claims: Members
}

/** OpenID Connect Core §5.3.2: the claims are JSON or a JWT, which is encrypted or not. */
async function readUserinfo(call: Call, { base_path }: Context, access_token: string): Promise<Userinfo> {
  const headers = { authorization: `Bearer ${access_token}` }
  const { statusCode: status, ...response } = await call({ url: PATHS.userinfo_endpoint, headers })
  const claims = readJson(response) ?? claimsOf(response.body)
  const unreadable = `${base_path}${PATHS.userinfo_endpoint} answered with no JSON object and no readable JWT`
  return { status, claims: claims ?? { error: unreadable } }
}

function readJson({ body }: Pick<LightMyRequestResponse, 'body'>): Members | undefined {
  const value = parseJson(body)
  return isObject(value) ? value : undefined
}

const claimsOf = (jwt: string) => decodeTokens({ jwt })[0]?.payload
const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

// RFC 6749 §10.12 and RFC 9207 §2.4.
function checkResponse({ issuer }: Context, { state }: SelfLogin, { iss }: Readonly<Record<string, string>>): Check[] {
  const found = { name: 'state', passed: true, text: `is ${shown(state)}` }
  if (iss === undefined) return [found]
  const text = iss === issuer ? `is ${shown(iss)}` : `is ${shown(iss)}, expected ${shown(issuer)}`
  return [found, { name: 'iss', passed: iss === issuer, text }]
}

// RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3.
function checkTokenResponse({ access_token, token_type, id_token }: Members, openid: boolean): Check[] {
  const isBearer = textOf(token_type)?.toLowerCase() === 'bearer'
  const required = (name: string, value: unknown) => ({
    name,
    passed: textOf(value) !== undefined,
    text: textOf(value) === undefined ? 'is missing' : 'is present',
  })
  return [
    required('access_token', access_token),
    {
      name: 'token_type',
      passed: isBearer,
      text: `is ${shown(String(token_type ?? 'missing'))}${isBearer ? '' : ', expected Bearer'}`,
    },
    ...(openid ? [required('id_token', id_token)] : []),
  ]
}

/** OpenID Connect Core §5.3.2: the sub of userinfo must be that of the ID token. */
function checkUserinfo({ status, claims }: Userinfo, sub: string | undefined): Check {
  if (status !== 200) {
    const reason = [claims.error, claims.error_description].filter((part) => part !== undefined).join(': ')
    return { name: 'status', passed: false, text: `is ${status}, expected 200: ${shown(reason)}` }
  }
  const found = textOf(claims.sub)
  const passed = found !== undefined && found === sub
  const text = `is ${shown(found ?? 'missing')}`
  return { name: 'sub', passed, text: passed ? text : `${text}, expected ${shown(sub ?? 'that of the ID token')}` }
}

function describeToken(name: string, token: string | undefined): SelfLoginOutcome['documents'] {
  const [decoded] = token === undefined ? [] : decodeTokens({ token })
  if (decoded === undefined) return []
  const { header, payload } = decoded
  return [
    ...(payload === undefined ? [] : [{ heading: `${name} claims`, claims: payload }]),
    { heading: `${name} header`, claims: header },
  ]
}

const shorten = (members: Members): Members =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > 60 ? `${value.slice(0, 40)}… (${value.length} characters)` : value,
    ]),
  )

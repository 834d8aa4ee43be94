/** Request objects: the parameters of an authorization request as a JWT, by value or by reference. OpenID Connect Core §6. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { describeTime } from '../duration.js'
import { invalidRequest, invalidRequestObject, invalidRequestUri, shown, shownUrl } from '../errors.js'
import { readDocument } from './document.js'
import { MAX_OBJECT_LENGTH, overlay, type Params, readParams, words } from './params.js'
import { openRequestObject } from './request_object_jwt.js'
import { enforce } from './rules.js'

type Claims = Readonly<Record<string, unknown>>

/** Members of a request object that are texts. Unknown members are ignored, like unknown parameters. */
const TEXTS = [
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'display',
  'ui_locales',
  'claims_locales',
  'id_token_hint',
  'login_hint',
  'acr_values',
  'code_challenge',
  'code_challenge_method',
]
/** Members that can be a list of texts. RFC 8707 §2. */
const LISTS = ['resource']
/** Members that are JSON texts in a query and can be objects in a request object. */
const OBJECTS = ['claims', 'registration']

// RFC 9101 §5.2.3: the first content type.
// Departure: OpenID Connect Core §6.2 names no content type, so the usual ones of file servers are accepted as well.
const TYPES = ['application/oauth-authz-req+jwt', 'application/jwt', 'text/plain', 'application/octet-stream', '']

/** Seconds in which an end-user can answer a page. */
const PAGE_LIFETIME = 3600

/**
 * Returns the parameters, overridden by those of the request object if there is one.
 * @param answering whether the end-user answers a page: the object that was read for the page stays valid, even if it has
 *   expired since or its request_uri no longer serves it.
 */
export async function readRequestObject(
  ctx: Context,
  client: Client,
  params: Params,
  answering: boolean,
): Promise<Params> {
  const request = params.find('request')
  const request_uri = params.find('request_uri')
  if (request === undefined && request_uri === undefined) return params
  // OpenID Connect Core §6.1 and §6.2: request and request_uri must not be used together.
  if (request !== undefined && request_uri !== undefined) {
    throw invalidRequest('request and request_uri are both present, expected at most one of them')
  }
  const now = ctx.now
  const key = JSON.stringify(['request object', client.client_id, request ?? request_uri])
  const stored = answering ? await ctx.store.documents.get(key) : undefined
  if (stored !== undefined && stored.expires_at > now) {
    return overlay(readParams(JSON.parse(stored.body)), params)
  }
  const response_type = params.find('response_type')
  const object = request ?? (await fetchRequestObject(ctx, client, request_uri!))
  try {
    const claims = await openRequestObject(ctx, client, object)
    verifyClaims(ctx, client, response_type, claims)
    // OpenID Connect Core §6.1: parameters of the object override those outside.
    const texts = textsOf(claims)
    await ctx.store.documents.put(key, { body: JSON.stringify(texts), expires_at: now + PAGE_LIFETIME })
    return overlay(readParams(texts), params)
  } catch (error) {
    const subject = request === undefined ? 'the object at request_uri' : 'request'
    throw invalidRequestObject(`${subject} ${(error as Error).message}`)
  }
}

/** Fetches the request object from its request_uri. OpenID Connect Core §6.2. */
async function fetchRequestObject(ctx: Context, client: Client, request_uri: string): Promise<string> {
  const refusal = (problem: string) => invalidRequestUri(`request_uri ${shownUrl(request_uri)} ${problem}`)
  // OpenID Connect Core §6.2: at most 512 ASCII characters. Departure: http is accepted, for private networks.
  if (!/^[\x21-\x7e]{1,512}$/.test(request_uri)) throw refusal('is invalid, expected at most 512 ASCII characters')
  if (!/^https?:\/\//i.test(request_uri)) throw refusal('is no http or https URL')
  const requested = withoutFragment(request_uri)
  if (!client.request_uris?.some((registered) => withoutFragment(registered) === requested)) {
    enforce(ctx, 'registered_request_uris', refusal("is unknown, expected one of the client's request_uris"))
  }
  const document = { member: 'request_uri', url: request_uri, types: TYPES, parse: readCompact } as const
  return readDocument(ctx, document).catch(({ message }: Error) => {
    throw invalidRequestUri(message)
  })
}

/** Checks that a document is a JWS or JWE in compact serialization. RFC 7515 §3.1, RFC 7516 §3.1. */
function readCompact(body: string): string {
  if (body.length > MAX_OBJECT_LENGTH) {
    throw new Error(`has ${body.length} characters, expected at most ${MAX_OBJECT_LENGTH}`)
  }
  const text = body.trim()
  if (!/^[\w-]+(\.[\w-]*){2}((\.[\w-]*){2})?$/.test(text)) throw new Error('is not a JWT')
  return text
}

/** Removes the fragment, a hash of the content that is not compared. OpenID Connect Registration §2. */
const withoutFragment = (uri: string) => uri.split('#')[0]

function verifyClaims(ctx: Context, { client_id }: Client, response_type: string | undefined, claims: Claims): void {
  // OpenID Connect Core §6.1: a request object must not contain another one.
  for (const name of ['request', 'request_uri']) {
    if (Object.hasOwn(claims, name)) throw new Error(`has the member ${name}, expected no request object in another`)
  }
  // OpenID Connect Core §6.1: iss and client_id identify the client; aud includes the issuer.
  for (const name of ['iss', 'client_id']) {
    if (Object.hasOwn(claims, name) && claims[name] !== client_id) {
      throw new Error(`has the ${name} ${describeValue(claims[name])}, expected the client_id ${shown(client_id)}`)
    }
  }
  if (Object.hasOwn(claims, 'aud') && ![claims.aud].flat().includes(ctx.issuer)) {
    throw new Error(`has the aud ${describeValue(claims.aud)}, expected the issuer ${ctx.issuer}`)
  }
  verifyTimes(ctx.now, claims)
  // OpenID Connect Core §6.1: the response_type must be the same inside and outside.
  // Departure: Core requires it outside as well; RFC 9101 §5 requires only the client_id there.
  const { response_type: inside = response_type } = claims
  if (response_type !== undefined && !sameWords(inside, response_type)) {
    throw new Error(`has the response_type ${describeValue(inside)}, expected ${shown(response_type)} as outside of it`)
  }
}

/** Verifies `exp` and `nbf`. RFC 7519 §4.1.4 and §4.1.5. */
function verifyTimes(now: number, claims: Claims): void {
  for (const name of ['exp', 'nbf']) {
    if (Object.hasOwn(claims, name) && typeof claims[name] !== 'number') {
      throw new Error(`has the ${name} ${describeValue(claims[name])}, expected seconds since the epoch`)
    }
  }
  const { exp = Number.POSITIVE_INFINITY, nbf = 0 } = claims as { exp?: number; nbf?: number }
  if (exp <= now) throw new Error(`expired ${describeTime(exp, now)}`)
  if (nbf > now + MAX_SKEW) throw new Error(`is not valid yet: its nbf is ${nbf}, ${describeTime(nbf, now)}`)
}

/** Maximum seconds by which the client's clock can be ahead. */
const MAX_SKEW = 60

const sameWords = (one: unknown, other: string) =>
  typeof one === 'string' && words(one).sort().join(' ') === words(other).sort().join(' ')

/** Returns the members as texts, as in a query. RFC 9101 §4: numbers can be JSON numbers. */
function textsOf(claims: Claims): Record<string, string | string[]> {
  const texts: Record<string, string | string[]> = {}
  for (const name of LISTS.filter((known) => Object.hasOwn(claims, known))) {
    const values = [claims[name]].flat()
    if (!values.every((value) => typeof value === 'string')) {
      throw new Error(`has the ${name} ${describeValue(claims[name])}, expected a text or a list of texts`)
    }
    texts[name] = values
  }
  for (const name of [...TEXTS, ...OBJECTS].filter((known) => Object.hasOwn(claims, known))) {
    const value = claims[name]
    const isObject = OBJECTS.includes(name) && typeof value === 'object' && value !== null
    if (typeof value !== 'string' && typeof value !== 'number' && !isObject) {
      throw new Error(
        `has the ${name} ${describeValue(value)}, expected a ${OBJECTS.includes(name) ? 'JSON object' : 'text'}`,
      )
    }
    texts[name] = isObject ? JSON.stringify(value) : String(value)
  }
  return texts
}

const describeValue = (value: unknown) => shown(typeof value === 'string' ? value : JSON.stringify(value))

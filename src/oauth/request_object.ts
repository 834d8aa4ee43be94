/** Request objects: the parameters of an authorization request as a JWT, by value or by reference. OpenID Connect Core §6. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidRequest, invalidRequestObject, invalidRequestUri, shown } from '../errors.js'
import { isTooDeep, MAX_DEPTH } from '../journal/depth.js'
import { getDocument, type OutboundError } from '../outbound.js'
import { MAX_OBJECT_LENGTH, overlay, type Params, readParams, words } from './params.js'
import { openRequestObject } from './request_object_jwt.js'
import { enforce } from './rules.js'

type Claims = Readonly<Record<string, unknown>>

/** What is taken from a request object; other members are ignored, as other parameters are. */
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
/** Those that are JSON in a query and may be members of their own in a request object. */
const OBJECTS = ['claims', 'registration']

// RFC 9101 §5.2.3 has the first. Departure: OpenID Connect Core §6.2 names none; the others are what file servers say.
const TYPES = ['application/oauth-authz-req+jwt', 'application/jwt', 'text/plain', 'application/octet-stream', '']

/** Seconds for which an end-user may look at a page before they answer it. */
const PAGE_LIFETIME = 3600

/**
 * The parameters with those of the request object over them; the same ones where there is no such object.
 * @param answering whether the end-user answers a page: what was read for the page holds, though the object may have
 *   expired since, or be gone from its request_uri.
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
  // OpenID Connect Core §6.1 and §6.2: one of them at most.
  if (request !== undefined && request_uri !== undefined) {
    throw invalidRequest('request and request_uri came, expected one of them at most')
  }
  const now = ctx.now
  const key = JSON.stringify(['request object', client.client_id, request ?? request_uri])
  const shownFor = answering ? await ctx.store.documents.get(key) : undefined
  if (shownFor !== undefined && shownFor.expires_at > now) {
    return overlay(readParams(JSON.parse(shownFor.body)), params)
  }
  const response_type = params.find('response_type')
  const object = request ?? (await fetchRequestObject(ctx, client, request_uri!))
  try {
    const claims = await openRequestObject(ctx, client, object)
    verifyClaims(ctx, client, response_type, claims)
    // OpenID Connect Core §6.1: what is in the object counts, and what is outside fills the gaps.
    const texts = textsOf(claims)
    await ctx.store.documents.put(key, { body: JSON.stringify(texts), expires_at: now + PAGE_LIFETIME })
    return overlay(readParams(texts), params)
  } catch (error) {
    const subject = request === undefined ? 'the object at request_uri' : 'request'
    throw invalidRequestObject(`${subject} ${(error as Error).message}`)
  }
}

/** OpenID Connect Core §6.2. */
async function fetchRequestObject(ctx: Context, client: Client, request_uri: string): Promise<string> {
  const refusal = (problem: string) => invalidRequestUri(`request_uri ${shown(request_uri)} ${problem}`)
  // OpenID Connect Core §6.2: 512 ASCII characters. Departure: http will do as well as https, for a network of one's own.
  if (!/^[\x21-\x7e]{1,512}$/.test(request_uri)) throw refusal('is not a URL of 512 ASCII characters at most')
  if (!client.request_uris?.some((registered) => bare(registered) === bare(request_uri))) {
    enforce(ctx, 'registered_request_uris', refusal("is not one of the client's request_uris"))
  }
  const accept = TYPES.slice(0, 2).join(', ')
  const answer = await getDocument(ctx.snapshot.outbound, request_uri, accept).catch(({ message }: OutboundError) => {
    throw refusal(message)
  })
  if (!TYPES.includes(answer.type)) throw refusal(`answered with ${shown(answer.type)}, expected ${TYPES[0]}`)
  if (answer.body.length > MAX_OBJECT_LENGTH) {
    throw refusal(`answered with ${answer.body.length} characters, expected ${MAX_OBJECT_LENGTH} at most`)
  }
  return answer.body.trim()
}

/** OpenID Connect Registration §2: the fragment is a hash of the content, and changes with it. */
const bare = (uri: string) => uri.split('#')[0]

function verifyClaims(ctx: Context, { client_id }: Client, response_type: string | undefined, claims: Claims): void {
  if (isTooDeep(claims)) throw new Error(`nests more than ${MAX_DEPTH} levels deep`)
  // OpenID Connect Core §6.1: no request object within another.
  for (const name of ['request', 'request_uri']) {
    if (Object.hasOwn(claims, name)) throw new Error(`has ${name} in it, and an object holds no other`)
  }
  // OpenID Connect Core §6.1: iss is the client, as is client_id; and the issuer is in aud.
  for (const name of ['iss', 'client_id']) {
    if (Object.hasOwn(claims, name) && claims[name] !== client_id) {
      throw new Error(`has the ${name} ${kind(claims[name])}, expected the client_id ${shown(client_id)}`)
    }
  }
  if (Object.hasOwn(claims, 'aud') && ![claims.aud].flat().includes(ctx.issuer)) {
    throw new Error(`has the aud ${kind(claims.aud)}, expected the issuer ${ctx.issuer}`)
  }
  verifyTimes(ctx.now, claims)
  // OpenID Connect Core §6.1: the response_type must be the same inside and outside.
  // Departure: Core wants it outside always; RFC 9101 §5 is content with the client_id.
  const { response_type: inside = response_type } = claims
  if (response_type !== undefined && !sameWords(inside, response_type)) {
    throw new Error(`has the response_type ${kind(inside)}, but outside it is ${shown(response_type)}`)
  }
}

/** RFC 7519 §4.1.4 and §4.1.5. */
function verifyTimes(now: number, claims: Claims): void {
  for (const name of ['exp', 'nbf']) {
    if (Object.hasOwn(claims, name) && typeof claims[name] !== 'number') {
      throw new Error(`has the ${name} ${kind(claims[name])}, expected seconds since the epoch`)
    }
  }
  const { exp = Number.POSITIVE_INFINITY, nbf = 0 } = claims as { exp?: number; nbf?: number }
  if (exp <= now) throw new Error(`expired at ${exp}, it is ${now} now`)
  if (nbf > now + MOST_SKEW) throw new Error(`is not good before ${nbf}, it is ${now} now`)
}

/** Seconds by which the client's clock may be ahead of ours. */
const MOST_SKEW = 60

const sameWords = (one: unknown, other: string) =>
  typeof one === 'string' && words(one).sort().join(' ') === words(other).sort().join(' ')

/** RFC 9101 §4: texts are texts, and numbers are numbers. */
function textsOf(claims: Claims): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const name of [...TEXTS, ...OBJECTS].filter((known) => Object.hasOwn(claims, known))) {
    const value = claims[name]
    const isObject = OBJECTS.includes(name) && typeof value === 'object' && value !== null
    if (typeof value !== 'string' && typeof value !== 'number' && !isObject) {
      throw new Error(`has the ${name} ${kind(value)}, expected a ${OBJECTS.includes(name) ? 'JSON object' : 'text'}`)
    }
    texts[name] = isObject ? JSON.stringify(value) : String(value)
  }
  return texts
}

const kind = (value: unknown) => shown(typeof value === 'string' ? value : JSON.stringify(value))

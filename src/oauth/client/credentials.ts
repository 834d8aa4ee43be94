/** The credentials of a client in a request: a Basic header, a secret in the form, or an assertion. RFC 6749 §2.3, RFC 7521 §4.2. */
import type { Context } from '../../context.js'
import { invalidClient, invalidRequest, shown } from '../../errors.js'
import type { ClientAuthMethod } from '../../generated/types.js'
import type { Params } from '../params.js'
import { enforce } from '../rules.js'
import { ASSERTION_TYPE, type ClientAssertion, readAssertion } from './assertion.js'
import { describeMalformed, isBasic, readBasic } from './basic.js'
import type { ClientCertificate } from './certificate.js'

/** The parts of a request that authenticate a client. */
export interface Caller {
  /** The Authorization header. */
  readonly authorization: string | undefined
  readonly params: Params
  readonly certificate: ClientCertificate | undefined
  /** URLs of the endpoint, which an assertion can have as audience besides the issuer. */
  readonly endpoint: readonly string[]
  /** Whether the request changes nothing, such as the revocation of an unknown token. */
  readonly changes_nothing?: boolean
}

export interface Credentials {
  /** Absent if the request has only a client_id: the method is `none`, or follows from the certificate. */
  readonly method?: ClientAuthMethod
  readonly client_id: string
  readonly client_secret?: string | undefined
  readonly assertion?: ClientAssertion
  /** False for a reading of a Basic header that is not the one of RFC 6749 §2.3.1. */
  readonly form_encoded?: boolean
  /** True if the client_id is a text without a colon that names no known client, so that it can be a secret. */
  readonly doubtful?: boolean
}

/** The readings of the credentials, that of the specification first. */
export type Readings = readonly [Credentials, ...Credentials[]]

/** Returns the refusal of a header that is not a Basic header of client_id and client_secret. */
export const invalidBasic = (reason: string) =>
  invalidClient(
    `the Authorization header is invalid: ${reason}, expected Basic with client_id:client_secret in base64`,
    'Basic',
  )

/** Reads the credentials of a request. RFC 6749 §2.3. */
export function readCredentials(ctx: Context, { params, ...caller }: Caller): Readings {
  const authorization = findBasic(ctx, caller.authorization, params)
  const client_secret = params.find('client_secret')
  const client_assertion = params.find('client_assertion')
  const used = [
    ...(authorization === undefined ? [] : ['the Authorization header']),
    ...(client_secret === undefined ? [] : ['client_secret']),
    ...(client_assertion === undefined ? [] : ['client_assertion']),
  ]
  // RFC 6749 §2.3: the client must not use more than one authentication method in each request.
  if (used.length > 1) {
    const refusal = invalidRequest(`the client authenticates by ${used.join(' and ')}, expected one of them`)
    enforce(ctx, 'one_client_authentication', refusal)
  }
  if (authorization !== undefined) return readBasicOf(authorization, params)
  if (client_assertion !== undefined) return [readAssertionOf(client_assertion, params)]
  const client_id = params.find('client_id')
  if (client_id === undefined) {
    throw invalidClient(
      'client_id is missing, expected it in the form, in an Authorization header of type Basic, or in a client_assertion',
    )
  }
  return [{ client_id, client_secret, ...(client_secret !== undefined && { method: 'client_secret_post' }) }]
}

/** Returns the Authorization header if it authenticates a client. */
// Departure: RFC 6749 §2.3.1 has the scheme Basic only. Some libraries send the access token beside the client_id.
function findBasic(ctx: Context, authorization: string | undefined, params: Params): string | undefined {
  if (authorization === undefined || isBasic(authorization)) return authorization
  const others = ['client_id', 'client_assertion'].filter((name) => params.find(name) !== undefined)
  const refusal = invalidBasic(describeMalformed(authorization))
  if (others.length === 0) throw refusal
  enforce(ctx, 'basic_credentials', refusal)
  return undefined
}

function readAssertionOf(jwt: string, params: Params): Credentials {
  const type = params.find('client_assertion_type')
  // RFC 7523 §2.2: the only type of an assertion that is a JWT.
  if (type !== ASSERTION_TYPE) {
    throw invalidClient(`client_assertion_type is ${shown(type ?? 'missing')}, expected ${ASSERTION_TYPE}`)
  }
  const assertion = readAssertion(jwt)
  const inForm = params.find('client_id')
  // RFC 7521 §4.2: a client_id beside the assertion identifies the same client.
  if (inForm !== undefined && inForm !== assertion.client_id) {
    throw invalidClient(
      `client_id is ${shown(inForm)} in the form, expected ${shown(assertion.client_id)} as in client_assertion`,
    )
  }
  return { method: assertion.method, client_id: assertion.client_id, assertion }
}

/** Reads Basic credentials, of which both halves are form-urlencoded. RFC 7617 §2 and RFC 6749 §2.3.1. */
function readBasicOf(authorization: string, params: Params): Readings {
  const [first, ...others] = readBasic(authorization).map(
    ({ client_secret, ...reading }): Credentials =>
      client_secret === undefined ? reading : { ...reading, method: 'client_secret_basic', client_secret },
  )
  if (first === undefined) throw invalidBasic(describeMalformed(authorization))
  const inForm = params.find('client_id')
  if (inForm === undefined) return [first, ...others]
  const [fitting, ...more] = [first, ...others].filter(({ client_id }) => client_id === inForm)
  if (fitting !== undefined) return [fitting, ...more]
  throw invalidClient(
    `client_id is ${shown(inForm)} in the form, expected ${shown(first.client_id)} as in the Authorization header`,
    'Basic',
  )
}

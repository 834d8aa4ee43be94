/** Refusals in frames and popups: a script that shows no page waits for them. OAuth 2.0 Web Message Response Mode. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthError } from '../errors.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import type { Pages } from '../pages/render.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import { endpointOf } from '../routes.js'

/** The message of a refusal in the response modes that send messages. */
const MESSAGES: Readonly<Record<string, (response: object) => object>> = {
  web_message: (response) => ({ type: 'authorization_response', response }),
  // The mode of okta-auth-js.
  okta_post_message: (response) => response,
}

type Message = NonNullable<Pages['error']['message']>

/**
 * Lets other pages frame the refusal of an authorization request with `prompt=none` or a mode that sends messages, and returns the message.
 * Other refusals cannot be framed; the result is undefined.
 * @param origin the origin of the client, if the request has a valid client and redirect_uri.
 */
export function allowFraming(
  { query, body, routeOptions }: FastifyRequest,
  reply: FastifyReply,
  refusal: OAuthError,
  origin: string | undefined,
): Pick<Pages['error'], 'message'> | undefined {
  if (endpointOf(routeOptions.url) !== 'authorization') return undefined
  const parameters = { ...(query as Record<string, unknown>), ...(typeof body === 'object' ? body : {}) }
  const { prompt, response_mode, state } = parameters
  const wrap = Object.hasOwn(MESSAGES, String(response_mode)) ? MESSAGES[String(response_mode)] : undefined
  if (prompt !== 'none' && wrap === undefined) return undefined
  const policy = {
    'frame-ancestors': '*',
    ...(wrap !== undefined && { 'script-src': `'${SCRIPT_HASHES.error_message}'` }),
  }
  reply.removeHeader('x-frame-options').header('content-security-policy', contentSecurityPolicy(policy))
  if (wrap === undefined) return {}
  return { message: createMessage(wrap, refusal, typeof state === 'string' ? state : undefined, origin) }
}

// Departure: Web Message Response Mode §4.1 sends messages only to registered origins. The client or its redirect_uri is wrong, so
// the origin may be unknown; then any page receives the message, which only has the code of the error and its own state.
function createMessage(
  wrap: (response: object) => object,
  { error, message }: OAuthError,
  state: string | undefined,
  origin: string | undefined,
): Message {
  const error_description = origin === undefined ? 'the page of the provider and its log have the reason' : message
  return { text: JSON.stringify(wrap({ error, error_description, state })), target: origin ?? '*' }
}

/** Notifies clients of a logout by frames in the browser. OpenID Connect Front-Channel Logout §2 and §3. */
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.js'
import { withQuery } from '../oauth/response_mode.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import type { EndedLogin } from './backchannel_logout.js'

/** A client's page that the browser loads in a frame. */
export interface Frame {
  readonly client_id: string
  readonly url: string
}

/** Returns the frames that notify the clients of ended logins. */
export function framesFor(ctx: Context, logins: readonly EndedLogin[]): Frame[] {
  const frames = logins.flatMap(({ client, account }) => {
    const { client_id, frontchannel_logout_uri: uri, frontchannel_logout_session_required } = client
    if (uri === undefined || !isFrameable(uri)) return []
    // Front-Channel Logout §2: iss and sid are added to the query if the client requires them.
    const session = frontchannel_logout_session_required ? { iss: ctx.issuer, sid: account.sid } : {}
    return [{ client_id, url: withQuery(uri, session) }]
  })
  return [...new Map(frames.map((frame) => [frame.url, frame])).values()]
}

/** Allows the page to load these frames and to run its script. Content Security Policy Level 3 §6.1 and §6.4. */
export function allowFrames(reply: FastifyReply, frames: readonly Frame[]): void {
  const origins = [...new Set(frames.map(({ url }) => new URL(url).origin))]
  const policy = { 'frame-src': origins.join(' '), 'script-src': `'${SCRIPT_HASHES.session_ended}'` }
  reply.header('content-security-policy', contentSecurityPolicy(policy))
}

/** Whether the host has no characters with a meaning in a policy. */
function isFrameable(uri: string): boolean {
  return URL.canParse(uri) && /^https?:\/\/[a-z0-9.:_[\]-]+$/.test(new URL(uri).origin)
}

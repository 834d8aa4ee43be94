/** Tells clients of a logout by frames in the browser. OpenID Connect Front-Channel Logout §2 and §3. */
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.js'
import { withQuery } from '../oauth/response_mode.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import type { Login } from './backchannel_logout.js'

/** What has to be loaded, once for each client and login. */
export function frontchannelUrls(ctx: Context, logins: readonly Login[]): string[] {
  const urls = logins.flatMap(({ client, account }) => {
    const { frontchannel_logout_uri: uri, frontchannel_logout_session_required } = client
    if (uri === undefined || !isFrameable(uri)) return []
    // Front-Channel Logout §2: iss and sid beside what the query has already; only where the client asks for them.
    return [withQuery(uri, frontchannel_logout_session_required ? { iss: ctx.issuer, sid: account.sid } : {})]
  })
  return [...new Set(urls)]
}

/** Lets the page load these frames and run its script, and nothing else. Content Security Policy Level 3 §6.1 and §6.4. */
export function allowFrames(reply: FastifyReply, frames: readonly string[]): void {
  const origins = [...new Set(frames.map((url) => new URL(url).origin))]
  const policy = { 'frame-src': origins.join(' '), 'script-src': `'${SCRIPT_HASHES.session_ended}'` }
  reply.header('content-security-policy', contentSecurityPolicy(policy))
}

/** A host may have characters that mean something else in a policy. */
function isFrameable(uri: string): boolean {
  return URL.canParse(uri) && /^https?:\/\/[a-z0-9.:_[\]-]+$/.test(new URL(uri).origin)
}

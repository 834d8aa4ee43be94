/** The frame by which a client's page learns whether the login has changed. OpenID Connect Session Management §3.3. */
import type { FastifyPluginAsync } from 'fastify'
import { cookieNames } from '../interaction/session.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { renderPage } from '../pages/render.js'
import { SCRIPT_HASHES } from '../pages/scripts.js'
import { PATHS } from '../routes.js'

export const checkSession: FastifyPluginAsync = async (app) => {
  // Any client may frame it: it returns one word.
  const policy = contentSecurityPolicy({
    'script-src': `'${SCRIPT_HASHES.check_session}'`,
    'frame-ancestors': '*',
  })
  app.get(PATHS.check_session_iframe, { helmet: { frameguard: false } }, async ({ ctx }, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', policy)
      .header('cache-control', 'private, max-age=300')
      .send(
        renderPage('check_session', {
          cookie: cookieNames(ctx).browser_state,
          login_status: ctx.snapshot.preset?.login_status_frame === true,
        }),
      ),
  )
}

/** The page of the device flow in the end-user's browser. RFC 8628 §3.3: https://www.rfc-editor.org/rfc/rfc8628#section-3.3 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { answerDevice, confirmPage, devicePage, findDevice, findDeviceUser } from '../interaction/device.js'
import { findSession } from '../interaction/session.js'
import { readSubmission } from '../interaction/submission.js'
import { type Params, readForm, readParams } from '../oauth/params.js'
import { contentSecurityPolicy } from '../pages/content_security_policy.js'
import { requireOwnPage } from '../request/own_pages.js'
import { PATHS } from '../routes.js'

export const device: FastifyPluginAsync = async (app) => {
  app.get(PATHS.device, (request, reply) => show(request, reply, readParams(request.query)))
  app.post(PATHS.device, async (request, reply) => {
    const { ctx, headers, body, cookies } = request
    const form = readForm(headers['content-type'], body)
    // RFC 8628 §5.4: a page of another site can only open the page, not submit it.
    requireOwnPage(request)
    const { sub, action, filter } = readSubmission(form) ?? {}
    if (filter !== undefined) return show(request, reply, form, { filter })
    const waiting = await findDevice(ctx, form.require('user_code'))
    if (typeof waiting === 'string' || (sub === undefined && action !== 'deny')) {
      return show(request, reply, form, {
        problem: 'Error: invalid_request: sub is missing, expected the subject to log in as',
      })
    }
    const user = action === 'deny' ? undefined : await findDeviceUser(ctx, waiting, sub!)
    if (user?.problem !== undefined)
      return show(request, reply, form, { problem: `Error: access_denied: ${user.problem}` })
    const answer = { sub: user?.sub, action }
    return html(reply, await answerDevice(ctx, reply, await findSession(ctx, cookies), waiting, answer))
  })
}

/** Shows the form for a user_code or, with a code (RFC 8628 §3.3.1), the form to log in. */
async function show(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  params: Params,
  shown: Parameters<typeof confirmPage>[3] = {},
) {
  const action = ctx.base_path + PATHS.device
  const user_code = params.find('user_code')
  if (user_code === undefined) return html(reply, devicePage(ctx, action))
  const waiting = await findDevice(ctx, user_code)
  if (typeof waiting === 'string') return html(reply.code(400), devicePage(ctx, action, user_code, waiting))
  const page = await confirmPage(ctx, action, waiting, shown)
  if (shown.problem !== undefined) reply.code(400)
  return html(reply.header('content-security-policy', contentSecurityPolicy(page.policy)), page.html)
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page)
}

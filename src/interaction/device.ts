/** The pages of the device flow: enter the code, log in, done. RFC 8628 §3.3: https://www.rfc-editor.org/rfc/rfc8628#section-3.3 */
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
import { resolveSub } from '../directory/names.js'
import { listRecentUsers } from '../directory/users.js'
import { invalidRequest, shown } from '../errors.js'
import {
  approveDevice,
  type DeviceRecord,
  type DeviceStatus,
  denyDevice,
  findByUserCode,
} from '../oauth/device_code.js'
import { renderPage } from '../pages/render.js'
import { listPredefinedUsers, type Page, policyFor } from './listed.js'
import { describeUnlisted, isUsersOnly, mayLogIn } from './listed_users.js'
import { describeScopes, logIn } from './login.js'
import { addClient, type BrowserSession, type CookieJar } from './session.js'
import type { Submission } from './submission.js'

/** Renders the form for a user_code, with the problem of the last submission. */
export function devicePage(ctx: Context, action: string, user_code?: string, problem?: string): string {
  return renderPage(
    'device',
    {
      action,
      ...(user_code !== undefined && { user_code }),
      ...(problem !== undefined && { problem }),
    },
    ctx.frame(),
  )
}

/** Returns the device that waits for this code, or the problem with it. RFC 8628 §3.3: the end-user can try again. */
export async function findDevice(ctx: Context, user_code: string): Promise<DeviceRecord | string> {
  const found = await findByUserCode(ctx, user_code)
  if (found === undefined)
    return 'No device is waiting with this code. Check the code on the device, or start again there.'
  ctx.addFacts({ client_id: found.record.client_id, scope: found.record.scope, flow_id: found.record.flow_id })
  return found.status === 'pending' ? found : ENDED[found.status]
}

const ENDED: Readonly<Record<Exclude<DeviceStatus, 'pending'>, string>> = {
  approved: 'This code has already been used. Start again on the device.',
  denied: 'This code was denied. Start again on the device.',
  expired: 'This code has expired. Start again on the device.',
}

/**
 * Renders the page on which the end-user compares the code and logs in.
 * @param shown the problem of the last submission, or its filter.
 */
export async function confirmPage(
  ctx: Context,
  action: string,
  { record: { user_code, client_id, scope } }: DeviceRecord,
  { problem, filter }: { readonly problem?: string | undefined; readonly filter?: Submission['filter'] | undefined },
): Promise<Page> {
  const client = await findClient(ctx, client_id)
  const predefined = await listPredefinedUsers(ctx, filter)
  const html = renderPage(
    'device_confirm',
    {
      action,
      hidden: [['user_code', user_code]],
      user_code,
      client_id,
      ...(client?.client_name !== undefined && { client_name: client.client_name }),
      scopes: describeScopes(ctx, scope),
      predefined,
      recent: isUsersOnly(ctx, client) ? [] : await listRecentUsers(ctx),
      ...(problem !== undefined && { problem }),
      ...(filter?.sub !== undefined && { sub: filter.sub }),
      ...(filter !== undefined && { filter: filter.text }),
    },
    ctx.frame(),
  )
  return { html, policy: policyFor(predefined, filter?.text) }
}

/** Returns the `sub` of the user that a text names, and why that user may not log in to the client of the device. */
export async function findDeviceUser(
  ctx: Context,
  { record: { client_id } }: DeviceRecord,
  text: string,
): Promise<{ readonly sub: string; readonly problem?: string }> {
  const sub = await resolveSub(ctx, text)
  if (await mayLogIn(ctx, await findClient(ctx, client_id), sub)) return { sub }
  return { sub, problem: describeUnlisted(ctx, sub) }
}

/** Approves or denies the device, and renders the last page. */
export async function answerDevice(
  ctx: Context,
  jar: CookieJar,
  before: BrowserSession | undefined,
  waiting: DeviceRecord,
  { sub, action }: Pick<Submission, 'sub' | 'action'>,
): Promise<string> {
  const { client_id, user_code } = waiting.record
  const client = await findClient(ctx, client_id)
  if (client === undefined) throw invalidRequest(`client ${shown(client_id)} of the device no longer exists`)
  const about = { client_id, ...(client.client_name !== undefined && { client_name: client.client_name }) }
  if (action === 'deny') {
    await denyDevice(ctx, waiting)
    ctx.remark('decision', `the end-user denied access to the device with the user_code ${user_code}`)
    return renderPage('device_done', about, ctx.frame())
  }
  const { account, browserSession } = await logIn(ctx, jar, before, sub!)
  ctx.addFacts({ sub: account.sub })
  await approveDevice(ctx, waiting, account)
  await addClient(ctx, browserSession, account.sid, client)
  ctx.remark('decision', `the end-user approved the device with the user_code ${user_code} as ${account.sub}`)
  return renderPage('device_done', { ...about, sub: account.sub }, ctx.frame())
}

/** What the end-user of a device sees in a browser: the code, who to be, and that it worked. RFC 8628 §3.3: https://www.rfc-editor.org/rfc/rfc8628#section-3.3 */
import type { Context } from '../context.js'
import { findClient } from '../directory/clients.js'
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
import { listPredefinedUsers } from './listed_users.js'
import { describeScopes, logIn } from './login.js'
import { addClient, type BrowserSession, type CookieJar } from './session.js'
import type { Submission } from './submission.js'

/** The form for a code; with what was wrong with the one before. */
export function devicePage(action: string, user_code?: string, problem?: string): string {
  return renderPage('device', {
    action,
    ...(user_code !== undefined && { user_code }),
    ...(problem !== undefined && { problem }),
  })
}

/** The device that waits for this code, or why there is none. RFC 8628 §3.3: the end-user may then try again. */
export async function findDevice(ctx: Context, user_code: string): Promise<DeviceRecord | string> {
  const found = await findByUserCode(ctx, user_code)
  if (found === undefined) return 'No device waits with this code. Look at the device once more, or start again there.'
  ctx.addFacts({ client_id: found.record.client_id, scope: found.record.scope, flow_id: found.record.flow_id })
  return found.status === 'pending' ? found : OVER[found.status]
}

const OVER: Readonly<Record<Exclude<DeviceStatus, 'pending'>, string>> = {
  approved: 'This code was used already. Start again on the device.',
  denied: 'This code was refused. Start again on the device.',
  expired: 'This code has expired. Start again on the device.',
}

/** The form on which the end-user looks at the code and chooses who to be. */
export async function confirmPage(
  ctx: Context,
  action: string,
  { record: { user_code, client_id, scope } }: DeviceRecord,
  problem?: string,
): Promise<string> {
  const client = await findClient(ctx, client_id)
  return renderPage('device_confirm', {
    action,
    hidden: [['user_code', user_code]],
    user_code,
    client_id,
    ...(client?.client_name !== undefined && { client_name: client.client_name }),
    scopes: describeScopes(ctx, scope),
    predefined: await listPredefinedUsers(ctx),
    recent: await listRecentUsers(ctx),
    ...(problem !== undefined && { problem }),
  })
}

/** Carries out what the end-user answered. */
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
    return renderPage('device_done', about)
  }
  const { account, found } = await logIn(ctx, jar, before, sub!)
  ctx.addFacts({ sub: account.sub })
  await approveDevice(ctx, waiting, account)
  await addClient(ctx, found, account.sid, client)
  ctx.remark('decision', `the end-user let the device with the user_code ${user_code} in as ${account.sub}`)
  return renderPage('device_done', { ...about, sub: account.sub })
}

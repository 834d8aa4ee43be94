/** A device without a browser waits while its end-user answers elsewhere: its codes, and what became of them. RFC 8628: https://www.rfc-editor.org/rfc/rfc8628 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { randomText, randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Account, DeviceAnswer, DeviceCode } from '../store/records.js'

/** RFC 8628 §6.1: consonants alone, so that no word comes about, and nothing looks like something else. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
/** RFC 8628 §3.2: seconds between polls where nothing is said. */
const INTERVAL = 5

/** A device code and what belongs to it. */
export interface DeviceRecord extends Waiting {
  readonly status: DeviceStatus
}

interface Waiting {
  readonly device_code: string
  readonly record: DeviceCode
}

/** RFC 8628 §3.2: a code for the device, and one that a person can type. */
export async function createDeviceCode(ctx: Context, { client_id }: Client, scope: string): Promise<Waiting> {
  const device_code = randomToken()
  const flow_id = randomToken().slice(0, 22)
  const record: DeviceCode = {
    user_code: `${randomText(ALPHABET, 4)}-${randomText(ALPHABET, 4)}`,
    client_id,
    scope,
    flow_id,
    expires_at: expiryOf('device_codes', ctx),
    interval: INTERVAL,
  }
  await ctx.store.device_codes.put(device_code, record)
  return { device_code, record }
}

/** How a device stands with its end-user. */
export type DeviceStatus = 'pending' | 'approved' | 'denied' | 'expired'

/** Every device that waits, or has not yet fetched what it waited for; the oldest first. */
export async function listDeviceCodes(ctx: Context): Promise<DeviceRecord[]> {
  const all = await ctx.store.device_codes.list()
  return all.map(([device_code, record]) => ({ device_code, record, status: statusOf(ctx, record) }))
}

/** The device whose user_code it is, however that was typed; with it, how it stands. */
export async function findByUserCode(ctx: Context, user_code: string): Promise<DeviceRecord | undefined> {
  const [found] = await ctx.store.device_codes.listBy('user_code', withDash(user_code))
  if (found === undefined) return undefined
  const [device_code, record] = found
  return { device_code, record, status: statusOf(ctx, record) }
}

/** RFC 8628 §6.1: case and punctuation of a typed code make no difference. */
function withDash(user_code: string): string {
  const letters = user_code.toUpperCase().replaceAll(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

function statusOf(ctx: Context, { answer, expires_at }: DeviceCode): DeviceStatus {
  if (answer !== undefined) return answer.grant_id === undefined ? 'denied' : 'approved'
  return expires_at <= ctx.now ? 'expired' : 'pending'
}

/** The end-user agrees; whoever answered before has the last word. Without a login in a browser, one of its own begins. */
export async function approveDevice(
  ctx: Context,
  { device_code, record }: Waiting,
  { sub, sid = randomToken(), auth_time = ctx.now }: Pick<Account, 'sub'> & Partial<Account>,
): Promise<void> {
  const { client_id, scope, flow_id } = record
  const { picked } = ctx.exchange
  const grant_id = randomToken()
  const grant = { sub, client_id, scope, auth_time, sid, flow_id, ...(picked.length > 0 && { faults: picked }) }
  // The grant is kept first, so that a poll that sees the answer finds it.
  await ctx.store.grants.put(grant_id, { ...grant, expires_at: expiryOf('grants', ctx) })
  if (!(await answerOnce(ctx, device_code, { grant_id }))) await ctx.store.grants.delete(grant_id)
}

/** The end-user refuses, likewise. */
export async function denyDevice(ctx: Context, { device_code }: Waiting): Promise<void> {
  await answerOnce(ctx, device_code, {})
}

/** Keeps the first answer only. Returns whether this is the first one. */
async function answerOnce({ store }: Context, device_code: string, answer: DeviceAnswer): Promise<boolean> {
  let first = false
  await store.device_codes.update(device_code, (record) => {
    first = record !== undefined && record.answer === undefined
    return first ? { ...record!, answer } : record
  })
  return first
}

/** Device codes and user codes of the device flow, and their status. RFC 8628: https://www.rfc-editor.org/rfc/rfc8628 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { randomText, randomToken } from '../random.js'
import { expiryOf } from '../store/collections.js'
import type { Account, DeviceAnswer, DeviceCode } from '../store/records.js'
import { createFlowId, createGrant } from './grant.js'

/** Characters of user codes: consonants, which form no words and are easy to distinguish. RFC 8628 §6.1. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
/** Default interval between polls, in seconds. RFC 8628 §3.2. */
const INTERVAL = 5

/** A device code with its record and status. */
export interface DeviceRecord extends Waiting {
  readonly status: DeviceStatus
}

interface Waiting {
  readonly device_code: string
  readonly record: DeviceCode
}

/** Creates a device_code and its user_code. RFC 8628 §3.2. */
export async function createDeviceCode(
  ctx: Context,
  { client_id }: Client,
  scope: string,
  resource: readonly string[],
): Promise<Waiting> {
  const device_code = randomToken()
  const flow_id = createFlowId()
  const record: DeviceCode = {
    user_code: `${randomText(ALPHABET, 4)}-${randomText(ALPHABET, 4)}`,
    client_id,
    scope,
    ...(resource.length > 0 && { resource }),
    flow_id,
    expires_at: expiryOf('device_codes', ctx),
    interval: INTERVAL,
  }
  await ctx.store.device_codes.put(device_code, record)
  return { device_code, record }
}

/** The status of a device code. */
export type DeviceStatus = 'pending' | 'approved' | 'denied' | 'expired'

/** Lists the device codes for which no tokens were issued, the oldest first. */
export async function listDeviceCodes(ctx: Context): Promise<DeviceRecord[]> {
  const all = await ctx.store.device_codes.list()
  return all
    .map(([device_code, record]) => ({ device_code, record, status: statusOf(ctx, record) }))
    .toSorted((one, other) => one.record.expires_at - other.record.expires_at)
}

/** Finds the device code of a typed user_code. */
export async function findByUserCode(ctx: Context, user_code: string): Promise<DeviceRecord | undefined> {
  const [found] = await ctx.store.device_codes.listBy('user_code', withDash(user_code))
  if (found === undefined) return undefined
  const [device_code, record] = found
  return { device_code, record, status: statusOf(ctx, record) }
}

/** Normalizes a typed user_code. RFC 8628 §6.1: case and punctuation are ignored. */
function withDash(user_code: string): string {
  const letters = user_code.toUpperCase().replaceAll(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

function statusOf(ctx: Context, { answer, expires_at }: DeviceCode): DeviceStatus {
  if (answer !== undefined) return answer.grant_id === undefined ? 'denied' : 'approved'
  return expires_at <= ctx.now ? 'expired' : 'pending'
}

/** Approves a device code, unless it was answered before. Without an account of a browser, a new login begins. */
export async function approveDevice(
  ctx: Context,
  { device_code, record }: Waiting,
  { sub, sid = randomToken(), auth_time = ctx.now }: Pick<Account, 'sub'> & Partial<Account>,
): Promise<void> {
  const { client_id, scope, resource, flow_id } = record
  // The grant is stored first, so that a poll that sees the answer finds it.
  const { grant_id } = await createGrant(ctx, {
    ...{ sub, client_id, scope, auth_time, sid, flow_id },
    ...(resource !== undefined && { resource }),
  })
  if (!(await answerOnce(ctx, device_code, { grant_id }))) await ctx.store.grants.delete(grant_id)
}

/** Denies a device code, unless it was answered before. */
export async function denyDevice(ctx: Context, { device_code }: Waiting): Promise<void> {
  await answerOnce(ctx, device_code, {})
}

/** Stores the first answer only. Returns whether this is the first one. */
async function answerOnce({ store }: Context, device_code: string, answer: DeviceAnswer): Promise<boolean> {
  let first = false
  await store.device_codes.update(device_code, (record) => {
    first = record !== undefined && record.answer === undefined
    return first ? { ...record!, answer } : record
  })
  return first
}

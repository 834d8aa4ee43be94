/** A device without a browser waits while its end-user answers elsewhere: its codes, and what became of them. RFC 8628: https://www.rfc-editor.org/rfc/rfc8628 */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { randomText, randomToken } from '../random.js'
import type { Account, DeviceCode } from '../store/store.js'

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
    expires_at: ctx.now + ctx.snapshot.lifetimes.device_code,
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
  return Promise.all(
    all.map(async ([device_code, record]) => ({
      device_code,
      record,
      status: await statusOf(ctx, device_code, record),
    })),
  )
}

/** The device whose user_code it is, however that was typed; with it, how it stands. */
export async function findByUserCode(ctx: Context, user_code: string): Promise<DeviceRecord | undefined> {
  const typed = lettersOf(user_code)
  const all = await listDeviceCodes(ctx)
  return all.find(({ record }) => lettersOf(record.user_code) === typed)
}

/** RFC 8628 §6.1: capitals or not, and the dash or not, it is the same. */
const lettersOf = (user_code: string) => user_code.toUpperCase().replaceAll(/[^A-Z]/g, '')

async function statusOf(ctx: Context, device_code: string, { expires_at }: DeviceCode): Promise<DeviceStatus> {
  const answer = await ctx.store.device_answers.get(device_code)
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
  // First the grant, so that a device that is told of it finds it.
  await ctx.store.grants.put(grant_id, grant)
  await ctx.store.device_answers.add(device_code, { grant_id })
}

/** The end-user refuses, likewise. */
export async function denyDevice({ store }: Context, { device_code }: Waiting): Promise<void> {
  await store.device_answers.add(device_code, {})
}

/** Devices that wait for their end-users, and what the end-users say, without a browser. RFC 8628. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { findOrCreateUser, recordLogin } from '../directory/users.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { approveDevice, type DeviceRecord, denyDevice, findByUserCode, listDeviceCodes } from '../oauth/device_code.js'
import { PATHS } from '../routes.js'
import { requirePart } from './part.js'
import { component, integer, listOf, object, pathParameter, responseWith, text, time } from './schema.js'

const tags = ['device codes']
const inPath = pathParameter('user_code', 'What the device shows. Capitals and the dash make no difference.')
const DEVICE_CODE = {
  ...object(
    {
      user_code: text('What the end-user types in.'),
      client_id: text('The client that the device is.'),
      scope: text('The scopes that it asks for, separated by spaces.'),
      status: {
        description: 'What the end-user said; `expired` where nothing was said in time.',
        enum: ['pending', 'approved', 'denied', 'expired'],
      },
      expires_at: time('When the code expires'),
      interval: integer('Seconds between polls, as they are now.'),
      flow_id: text('What the entries of the journal that belong to this login have in common.'),
    },
    ['user_code', 'client_id', 'scope', 'status', 'expires_at', 'interval', 'flow_id'],
  ),
  description: 'A device code, but for what the device alone knows.',
}

interface Approval {
  readonly sub: string
  readonly fault?: unknown
}
type Route = { Params: { user_code: string } }

export const deviceCodes: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List device codes',
    description: 'Those for which no device has fetched tokens yet.',
    response: { 200: responseWith('The device codes, oldest first.', { device_codes: listOf(DEVICE_CODE) }) },
  }
  app.get(PATHS.device_codes, { schema: list }, async ({ ctx }) => ({
    device_codes: (await listDeviceCodes(ctx)).map(describe),
  }))

  const approve = {
    tags,
    summary: 'Approve a device code',
    description: 'As if the end-user had typed it in and logged in; an unknown `sub` becomes a user.',
    params: inPath,
    body: object(
      {
        sub: text('Who logs in.', { minLength: 1, maxLength: 255 }),
        fault: {
          description: 'What goes wrong with this login: the name of a fault, or a rule.',
          anyOf: [{ type: 'string' }, component('Fault')],
        },
      },
      ['sub'],
    ),
    response: { 200: DEVICE_CODE },
  }
  app.post<Route & { Body: Approval }>(
    PATHS.approve_device_code,
    { schema: approve },
    async ({ ctx, params: { user_code }, body: { sub, fault } }) => {
      const waiting = await requirePending(ctx, user_code)
      if (fault !== undefined) {
        ctx.exchange.login_faults = [requirePart(ctx, 'Fault', typeof fault === 'string' ? { fault } : fault)]
      }
      const user = await findOrCreateUser(ctx, sub)
      await recordLogin(ctx, user)
      await approveDevice(ctx, waiting, { sub })
      ctx.log.info({ sub, client_id: waiting.record.client_id }, 'device code approved')
      return describe(await requireDevice(ctx, user_code))
    },
  )

  const deny = {
    tags,
    summary: 'Deny a device code',
    description: 'As if the end-user had typed it in and refused.',
    params: inPath,
    response: { 200: DEVICE_CODE },
  }
  app.post<Route>(PATHS.deny_device_code, { schema: deny }, async ({ ctx, params: { user_code } }) => {
    const waiting = await requirePending(ctx, user_code)
    await denyDevice(ctx, waiting)
    ctx.log.info({ client_id: waiting.record.client_id }, 'device code denied')
    return describe(await requireDevice(ctx, user_code))
  })
}

function describe({ record, status }: DeviceRecord) {
  const { user_code, client_id, scope, expires_at, interval, flow_id } = record
  return { user_code, client_id, scope, status, expires_at, interval, flow_id }
}

async function requirePending(ctx: Context, user_code: string): Promise<DeviceRecord> {
  const found = await requireDevice(ctx, user_code)
  if (found.status === 'pending') return found
  throw invalidRequest(`user_code ${found.record.user_code} is ${found.status}, expected one that is pending`)
}

async function requireDevice(ctx: Context, user_code: string): Promise<DeviceRecord> {
  const found = await findByUserCode(ctx, user_code)
  if (found === undefined) throw nothingHere(`there is no device that waits with the user_code ${shown(user_code)}`)
  return found
}

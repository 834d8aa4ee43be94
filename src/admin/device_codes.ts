/** Lists, approves and denies device codes without a browser. RFC 8628. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { findOrCreateUser, recordLogin } from '../directory/users.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { findDeviceUser } from '../interaction/device.js'
import { approveDevice, type DeviceRecord, denyDevice, findByUserCode, listDeviceCodes } from '../oauth/device_code.js'
import { PATHS } from '../routes.js'
import { requirePart } from './part.js'
import { component, integer, listOf, object, pathParameter, refusedIf, responseWith, text, time } from './schema.js'

const tags = ['device codes']
const inPath = pathParameter('user_code', 'User code that the device shows. Case and the dash are ignored.')
const DEVICE_CODE = {
  ...object(
    {
      user_code: text('User code that the end-user enters.'),
      client_id: text('Client identifier of the device.'),
      scope: text('Requested scope, separated by spaces.'),
      status: {
        description: 'Decision of the end-user. `expired`: the code expired before a decision.',
        enum: ['pending', 'approved', 'denied', 'expired'],
      },
      expires_at: time('Expiry of the code'),
      interval: integer('Current minimum interval between polls in seconds.'),
      flow_id: text('Identifier of this login in journal entries.'),
    },
    ['user_code', 'client_id', 'scope', 'status', 'expires_at', 'interval', 'flow_id'],
  ),
  description: 'A device code, without the `device_code` itself.',
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
    description: 'Device codes that have not been redeemed.',
    response: { 200: responseWith('The device codes, oldest first.', { device_codes: listOf(DEVICE_CODE) }) },
  }
  app.get(PATHS.device_codes, { schema: list }, async ({ ctx }) => ({
    device_codes: (await listDeviceCodes(ctx)).map(describe),
  }))

  const approve = {
    tags,
    summary: 'Approve a device code',
    description: 'Acts as if the end-user had entered the user code and logged in. An unknown `sub` creates a user.',
    params: inPath,
    body: object(
      {
        sub: text('Subject of the user who logs in.', { minLength: 1, maxLength: 255 }),
        fault: {
          description: 'Fault of this login: the name of a fault, or a rule.',
          anyOf: [{ type: 'string' }, component('Fault')],
        },
      },
      ['sub'],
    ),
    response: {
      200: DEVICE_CODE,
      400: refusedIf(
        'the device code is not pending, the user was deleted or may not log in, or the configuration file cannot have the fault',
      ),
    },
  }
  app.post<Route & { Body: Approval }>(
    PATHS.approve_device_code,
    { schema: approve },
    async ({ ctx, params: { user_code }, body: { sub: text, fault } }) => {
      const waiting = await requirePending(ctx, user_code)
      const { sub, problem } = await findDeviceUser(ctx, waiting, text)
      if (problem !== undefined) throw invalidRequest(problem)
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
    description: 'Acts as if the end-user had entered the user code and denied access.',
    params: inPath,
    response: { 200: DEVICE_CODE, 400: refusedIf('the device code is not pending') },
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
  throw invalidRequest(`user_code ${found.record.user_code} is ${found.status}, expected pending`)
}

async function requireDevice(ctx: Context, user_code: string): Promise<DeviceRecord> {
  const found = await findByUserCode(ctx, user_code)
  if (found === undefined) throw nothingHere(`there is no device code with the user_code ${shown(user_code)}`)
  return found
}

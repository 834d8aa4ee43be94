/** The time of the issuer: where it stands, and how it is moved. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { findDuration, LATEST_TIME, LONGEST_DURATION, parseTime } from '../duration.js'
import { invalidRequest } from '../errors.js'
import { PATHS } from '../routes.js'
import { boolean, component, integer, object, responseWith, type Schema, text } from './schema.js'

type Moment = number | string

const tags = ['clock']
const STATUS = responseWith('How the clock stands.', {
  now: integer('Seconds since the epoch.'),
  iso: text('The same as RFC 3339 writes it.', { format: 'date-time' }),
  frozen: boolean('Whether it stands still.'),
  ahead: integer('Seconds ahead of the real time; below zero, behind.'),
})
const response = { 200: STATUS }
const moment = (description: string): Schema => ({ ...component('Time'), description })
const SHIFT = {
  title: 'Shift',
  description: 'Seconds, or a duration such as `2h`. Below zero, such as `-2h`, the clock goes back.',
  type: ['integer', 'string'],
  minimum: -LONGEST_DURATION,
  maximum: LONGEST_DURATION,
  pattern: '^-?([0-9]{1,9}[smhdw])+$',
}

export const clock: FastifyPluginAsync = async (app) => {
  const get = { tags, summary: 'Get the time', response }
  app.get(PATHS.clock, { schema: get }, async ({ ctx }) => describe(ctx))

  const now = moment('A time such as `2030-01-01T00:00:00Z`, or seconds since the epoch.')
  const put = {
    tags,
    summary: 'Set the time',
    description: 'It goes on from there; a frozen clock stays frozen.',
    body: object({ now }, ['now']),
    response,
  }
  app.put<{ Body: { now: Moment } }>(PATHS.clock, { schema: put }, async ({ ctx, body }) => {
    ctx.clock.set(readTime('now', body.now))
    return noteMove(ctx)
  })

  const advance = {
    tags,
    summary: 'Move the time',
    description: 'Forward or backward; a frozen clock stays frozen.',
    body: object({ by: SHIFT }, ['by']),
    response,
  }
  app.post<{ Body: { by: Moment } }>(PATHS.clock_advance, { schema: advance }, async ({ ctx, body: { by } }) => {
    const seconds = readShift(by)
    const then = ctx.clock.now() + seconds
    if (!isTime(then)) throw invalidRequest(`/by leads out of the years 1970 to 9999, but is "${by}"`)
    ctx.clock.advance(seconds)
    return noteMove(ctx)
  })

  const freeze = {
    tags,
    summary: 'Stop the clock',
    body: object({ at: moment('Where it stops, as for `now`. Left out, where it is.') }),
    response,
  }
  app.post<{ Body: { at?: Moment } }>(PATHS.clock_freeze, { schema: freeze }, async ({ ctx, body: { at } }) => {
    if (at !== undefined) ctx.clock.set(readTime('at', at))
    ctx.clock.freeze()
    return noteMove(ctx)
  })

  const body = object({})
  const resume = { tags, summary: 'Let the clock go on from where it stands', body, response }
  app.post(PATHS.clock_resume, { schema: resume }, async ({ ctx }) => {
    ctx.clock.resume()
    return noteMove(ctx)
  })

  const description = 'Where the configuration says nothing, that is the real time.'
  const reset = { tags, summary: 'Go back to what the configuration says', description, body, response }
  app.post(PATHS.clock_reset, { schema: reset }, async ({ ctx }) => {
    ctx.clock.reset()
    return noteMove(ctx)
  })
}

function describe({ clock }: Context) {
  const { now, frozen, ahead } = clock.status()
  return { now, iso: new Date(now * 1000).toISOString(), frozen, ahead }
}

/** Records that the clock was moved, and returns its status. */
async function noteMove(ctx: Context) {
  const status = describe(ctx)
  const { now, iso, frozen } = status
  await ctx.journal.record(
    now,
    'clock_moved',
    `the clock ${frozen ? 'stands still at' : 'goes on from'} ${iso}`,
    status,
  )
  return status
}

const isTime = (seconds: number) => seconds >= 0 && seconds <= LATEST_TIME

function readTime(member: string, value: Moment): number {
  const seconds = parseTime(value)
  if (isTime(seconds)) return seconds
  throw invalidRequest(`/${member} must be a time from 1970 to 9999, but is "${value}"`)
}

function readShift(by: Moment): number {
  const text = String(by)
  const seconds = typeof by === 'number' ? Math.abs(by) : findDuration(text.replace(/^-/, ''))
  if (seconds === undefined) {
    throw invalidRequest(`/by must be at most ${LONGEST_DURATION} seconds (100 years), but is "${by}"`)
  }
  return text.startsWith('-') ? -seconds : seconds
}

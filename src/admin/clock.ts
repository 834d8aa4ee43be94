/** Reads and moves the clock of the issuer. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { findDuration, LATEST_TIME, LONGEST_DURATION, parseTime } from '../duration.js'
import { invalidRequest } from '../errors.js'
import { PATHS } from '../routes.js'
import { boolean, component, integer, object, refusedIf, responseWith, type Schema, text } from './schema.js'

type Moment = number | string

const tags = ['clock']
const STATUS = responseWith('The state of the clock.', {
  now: integer('Time in seconds since the epoch.'),
  iso: text('The same time in RFC 3339 format.', { format: 'date-time' }),
  frozen: boolean('Whether the clock is stopped.'),
  ahead: integer('Seconds ahead of real time; negative if behind.'),
})
const response = { 200: STATUS }
const responseToMove = { ...response, 400: refusedIf('the time is not in the years 1970 to 9999') }
const moment = (description: string): Schema => ({ ...component('Time'), description })
const SHIFT = {
  title: 'Shift',
  description: 'Seconds, or a duration such as `2h`. A negative value such as `-2h` moves the clock back.',
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
    description: 'The clock continues from that time; a frozen clock stays frozen.',
    body: object({ now }, ['now']),
    response: responseToMove,
  }
  app.put<{ Body: { now: Moment } }>(PATHS.clock, { schema: put }, async ({ ctx, body }) => {
    await ctx.clock.set(readTime('now', body.now))
    return noteMove(ctx)
  })

  const advance = {
    tags,
    summary: 'Move the time',
    description: 'Moves the clock forward or back; a frozen clock stays frozen.',
    body: object({ by: SHIFT }, ['by']),
    response: responseToMove,
  }
  app.post<{ Body: { by: Moment } }>(PATHS.clock_advance, { schema: advance }, async ({ ctx, body: { by } }) => {
    const seconds = readShift(by)
    const then = ctx.now + seconds
    if (!isTime(then))
      throw invalidRequest(
        `/by is "${by}", which moves the clock outside the years 1970 to 9999; expected a smaller shift`,
      )
    await ctx.clock.advance(seconds)
    return noteMove(ctx)
  })

  const freeze = {
    tags,
    summary: 'Stop the clock',
    body: object({ at: moment('Time at which the clock stops, in the format of `now`. Absent: its current time.') }),
    response: responseToMove,
  }
  app.post<{ Body: { at?: Moment } }>(PATHS.clock_freeze, { schema: freeze }, async ({ ctx, body: { at } }) => {
    if (at !== undefined) await ctx.clock.set(readTime('at', at))
    await ctx.clock.freeze()
    return noteMove(ctx)
  })

  const body = object({})
  const resume = { tags, summary: 'Start a frozen clock from its current time', body, response }
  app.post(PATHS.clock_resume, { schema: resume }, async ({ ctx }) => {
    await ctx.clock.resume()
    return noteMove(ctx)
  })

  const description = 'Sets the clock to the time of the configuration, or to real time without one.'
  const reset = { tags, summary: 'Reset the clock', description, body, response }
  app.post(PATHS.clock_reset, { schema: reset }, async ({ ctx }) => {
    await ctx.clock.reset()
    return noteMove(ctx)
  })
}

async function describe({ clock }: Context) {
  const { now, frozen, ahead } = await clock.status()
  return { now, iso: new Date(now * 1000).toISOString(), frozen, ahead }
}

/** Records that the clock was moved, and returns its status. */
async function noteMove(ctx: Context) {
  const status = await describe(ctx)
  const { now, iso, frozen } = status
  await ctx.journal.record(now, 'clock_moved', `the clock was ${frozen ? 'stopped at' : 'set to'} ${iso}`, status)
  return status
}

const isTime = (seconds: number) => seconds >= 0 && seconds <= LATEST_TIME

function readTime(member: string, value: Moment): number {
  const seconds = parseTime(value)
  if (isTime(seconds)) return seconds
  throw invalidRequest(`/${member} is "${value}", expected a time from 1970 to 9999`)
}

function readShift(by: Moment): number {
  const text = String(by)
  const seconds = typeof by === 'number' ? Math.abs(by) : findDuration(text.replace(/^-/, ''))
  if (seconds === undefined) {
    throw invalidRequest(`/by is "${by}", expected at most ${LONGEST_DURATION} seconds (100 years)`)
  }
  return text.startsWith('-') ? -seconds : seconds
}

/** Lists, rotates, withdraws and resets the signing keys of the issuer, and breaks its JWKS. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { describeTime, findDuration, LONGEST_DURATION, parseDuration } from '../duration.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { FAULT_CATALOGUE, FAULT_NAMES } from '../faults/catalogue.js'
import type { Alg } from '../generated/types.js'
import { type KeyStatus, MOST_KEYS } from '../issuer/key_lines.js'
import { PATHS } from '../routes.js'
import { requirePart } from './part.js'
import { boolean, component, listOf, object, pathParameter, refusedIf, responseWith, text, time } from './schema.js'

interface Order {
  readonly alg?: string
  readonly mode?: 'graceful' | 'abrupt'
  readonly publish_ahead?: number | string
  readonly kid?: string
  readonly published?: boolean
}

const tags = ['keys']
const KEY = object(
  {
    kid: text('Identifier of the key, as in the header of its tokens.'),
    alg: component('Alg'),
    status: {
      description:
        '`current`: signs. `next`: will sign. `retired`: has signed. `spare`: does not sign because an earlier key of the configuration has the same algorithm.',
      enum: ['current', 'next', 'retired', 'spare'],
    },
    published: boolean('Whether the JWKS contains the key.'),
    signs_from: time('Time of the first signature of a `next` key'),
    signs_until: time('Time at which the `next` key signs in place of a `current` one'),
    published_until: time('Time at which a `retired` key leaves the JWKS'),
  },
  ['kid', 'alg', 'status', 'published'],
)
const KEYS = responseWith('All signing keys: for each algorithm the current key, then next keys, then retired keys.', {
  keys: listOf(KEY),
})
const ROTATED = responseWith('All signing keys, as in the list, and which key signs when.', {
  keys: listOf(KEY),
  schedule: listOf(text('Which key signs an algorithm from when, such as `a signs RS256 now`.')),
})
const ORDER = object({
  alg: text('Algorithm of the keys to rotate. Absent: all algorithms.'),
  mode: {
    description:
      '`graceful`: the new key is published, and the current key signs until `publish_ahead` has passed on the clock of the issuer. `abrupt`: the new key signs at once, although clients that keep the JWKS do not know it; keys that do not sign yet are removed. Absent: `graceful`; `abrupt` if the new key cannot be published first: with `published: false`, a `publish_ahead` of 0, or the `kid` of another key.',
    enum: ['graceful', 'abrupt'],
  },
  publish_ahead: {
    title: 'Span',
    description:
      'Time between publication and first signature. Absent: `key_rotation.publish_ahead` of the configuration, or 60 seconds.',
    type: ['integer', 'string'],
    minimum: 0,
    maximum: LONGEST_DURATION,
    pattern: '^([0-9]{1,9}[smhdw])+$',
  },
  kid: text('Identifier of the new key. An older key with it leaves the JWKS. Absent: a thumbprint (RFC 7638).', {
    minLength: 1,
    maxLength: 255,
  }),
  published: boolean('Whether the JWKS contains the new key. Default: true.'),
})
/** Names of the faults of the JWKS itself, without their prefix. */
const WAYS = FAULT_NAMES.filter((name) => FAULT_CATALOGUE[name].endpoints.join() === 'jwks').map((name) =>
  name.replace('jwks.', ''),
)

export const keys: FastifyPluginAsync = async (app) => {
  const list = { tags, summary: 'List signing keys', response: { 200: KEYS } }
  app.get(PATHS.admin_keys, { schema: list }, async ({ ctx }) => ({ keys: await ctx.keys.status() }))

  const rotate = {
    tags,
    summary: 'Rotate signing keys',
    description:
      'The new keys are published at once and sign after `publish_ahead`. The old keys stay in the JWKS until the last token that they signed has expired.',
    body: ORDER,
    response: {
      200: ROTATED,
      400: refusedIf(
        'no key has `alg`, `publish_ahead` is longer than 100 years, `mode: abrupt` has a `publish_ahead`, `mode: graceful` has a `publish_ahead` of 0, `published: false` or the `kid` of another key, `publish_ahead` and `published: false` are combined, `kid` has no `alg` although there are several, `kid` with `publish_ahead` is that of another key, or too many rotations are pending',
      ),
    },
  }
  app.post<{ Body: Order }>(PATHS.rotate_keys, { schema: rotate }, async ({ ctx, body }) => {
    const rotation = await readOrder(ctx, body)
    const rotated = await ctx.keys.rotate(rotation)
    if (rotated === undefined) {
      throw invalidRequest(describePending(await ctx.keys.status(), rotation.alg, ctx.now))
    }
    const schedule = describeSchedule(rotated, rotation.alg, ctx.now)
    ctx.log.info({ ...rotation, schedule }, 'keys rotated')
    return { keys: rotated, schedule }
  })

  const withdraw = {
    tags,
    summary: 'Remove a key from the JWKS',
    description: 'The current key continues to sign, so relying parties do not find the key of new tokens.',
    params: pathParameter('kid', 'Identifier of the key.'),
    response: {
      200: responseWith('The key is no longer published.', {
        signs: boolean('Whether the key continues to sign.'),
        keys: listOf(KEY),
      }),
    },
  }
  app.delete<{ Params: { kid: string } }>(PATHS.admin_key, { schema: withdraw }, async ({ ctx, params: { kid } }) => {
    const left = await ctx.keys.withdraw(kid)
    if (left === undefined) throw nothingHere(`there is no signing key ${shown(kid)}`)
    ctx.log.info({ kid }, 'key withdrawn')
    return { signs: left.some((key) => key.kid === kid && key.status === 'current'), keys: left }
  })

  const breakJwks = {
    tags,
    summary: 'Break the JWKS',
    description: 'Adds a fault rule of run time. Deleting the rule or resetting the keys ends it.',
    body: object({ how: { description: 'Name of the fault, without `jwks.`.', enum: WAYS } }, ['how']),
    response: { 201: { ...component('FaultAnswer'), description: 'The rule.' } },
  }
  app.post<{ Body: { how: string } }>(PATHS.break_jwks, { schema: breakJwks }, async ({ ctx, body }, reply) => {
    const fault = `jwks.${body.how}`
    const added = await ctx.faults.add(requirePart(ctx, 'Fault', { fault }))
    await ctx.journal.record(ctx.now, 'keys_changed', `the JWKS is broken by ${fault}`, { fault, id: added.id })
    return reply.code(201).send(added)
  })

  const reset = {
    tags,
    summary: 'Reset the keys',
    description: 'Restores and publishes the keys of the start, and deletes the faults of the JWKS of run time.',
    body: object({}),
    response: { 200: KEYS },
  }
  app.post(PATHS.reset_keys, { schema: reset }, async ({ ctx }) => {
    for (const { id, rule } of await ctx.faults.list()) {
      if (FAULT_CATALOGUE[rule.fault].section === 'JWKS') await ctx.faults.delete(id)
    }
    await ctx.keys.reset()
    ctx.log.info({}, 'keys reset')
    return { keys: await ctx.keys.status() }
  })
}

/** Seconds for which a new key is published before it signs, unless the request or the configuration says otherwise. */
const PUBLISH_AHEAD = 60

async function readOrder(ctx: Context, { alg: asked, mode, publish_ahead: span, kid, published = true }: Order) {
  const { keys, config } = ctx.snapshot
  const algs = [...new Set(keys.map(({ alg }) => alg))]
  const alg = readAlg(algs, asked)
  const ahead = span === undefined ? undefined : findDuration(span)
  if (span !== undefined && ahead === undefined)
    throw invalidRequest(`/publish_ahead is "${span}", expected at most 100 years`)
  if (kid !== undefined && alg === undefined && algs.length > 1) {
    throw invalidRequest(
      `/kid is "${shown(kid)}" without /alg, expected /alg with one of ${algs.join(', ')}, since a kid names one key`,
    )
  }
  const isKnown = kid !== undefined && (await ctx.keys.status()).some((key) => key.kid === kid)
  requireMode(mode, ahead)
  const isAhead = mode === 'graceful' || (ahead ?? 0) > 0
  const cause = mode === 'graceful' ? '/mode is graceful' : '/publish_ahead is set'
  if (isAhead && !published) {
    throw invalidRequest(`${cause} and /published is false, expected one of them; leave one out`)
  }
  if (isAhead && isKnown) {
    throw invalidRequest(
      `/kid is "${shown(kid)}", that of another key, and ${cause}, expected a kid that no other key has, since the JWKS has each kid once; set /mode to abrupt to replace the key`,
    )
  }
  const isAbrupt = mode === 'abrupt' || (mode === undefined && (!published || isKnown))
  const configured = parseDuration(config.key_rotation.publish_ahead ?? PUBLISH_AHEAD)
  return { alg, publish_ahead: ahead ?? (isAbrupt ? 0 : configured), kid, published }
}

/** Refuses a mode that says the opposite of publish_ahead. */
function requireMode(mode: Order['mode'], ahead: number | undefined): void {
  if (mode === 'abrupt' && ahead !== undefined && ahead > 0)
    throw invalidRequest('/publish_ahead is set and /mode is abrupt, expected one of them; leave one out')
  if (mode === 'graceful' && ahead === 0)
    throw invalidRequest('/publish_ahead is 0 and /mode is graceful, expected at least 1 second, or /mode abrupt')
}

/** Describes for each algorithm of the rotation which key signs when. */
function describeSchedule(keys: readonly KeyStatus[], alg: Alg | undefined, now: number): string[] {
  return keys.flatMap(({ kid, alg: own, status, signs_from }) => {
    if (own !== (alg ?? own)) return []
    if (status === 'current') return [`${kid} signs ${own} now`]
    return signs_from === undefined ? [] : [`${kid} signs ${own} ${describeTime(signs_from, now)}`]
  })
}

/** Describes the algorithm of the rotation with the most keys that do not sign yet. */
function describePending(keys: readonly KeyStatus[], alg: Alg | undefined, now: number): string {
  const pending = keys.filter(({ alg: own, status }) => status === 'next' && own === (alg ?? own))
  const count = (alg: Alg) => pending.filter((key) => key.alg === alg).length
  const first = pending.reduce((most, key) => (count(key.alg) > count(most.alg) ? key : most))
  // A line has the current key, the pending ones and the new one.
  return `${count(first.alg)} keys of ${first.alg} do not sign yet, expected at most ${MOST_KEYS - 2} before a rotation; wait until the first of them signs ${describeTime(first.signs_from!, now)}, or reset the keys`
}

function readAlg(algs: readonly Alg[], asked: string | undefined): Alg | undefined {
  const found = algs.find((alg) => alg === asked)
  if (asked === undefined || found !== undefined) return found
  throw invalidRequest(`/alg is ${shown(asked)}, expected an algorithm with a key: ${algs.join(', ')}`)
}

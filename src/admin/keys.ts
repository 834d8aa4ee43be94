/** The signing keys of the issuer: in line, new ones on demand, withdrawn, and a JWKS that is broken on purpose. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { findDuration, LONGEST_DURATION } from '../duration.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { FAULT_CATALOGUE, FAULT_NAMES } from '../faults/catalogue.js'
import type { Alg } from '../generated/types.js'
import { PATHS } from '../routes.js'
import { requirePart } from './part.js'
import { boolean, component, listOf, object, pathParameter, responseWith, text, time } from './schema.js'

interface Order {
  readonly alg?: string
  readonly publish_ahead?: number | string
  readonly kid?: string
  readonly published?: boolean
}

const tags = ['keys']
const KEY = object(
  {
    kid: text('As in the header of what it signs.'),
    alg: component('Alg'),
    status: {
      description: 'A spare one signs nothing, since an earlier key of the configuration has the same algorithm.',
      enum: ['current', 'next', 'retired', 'spare'],
    },
    published: boolean('Whether the JWKS has it.'),
    signs_from: time('Of the next ones, when they sign'),
    published_until: time('Of a retired one, when it leaves the JWKS'),
  },
  ['kid', 'alg', 'status', 'published'],
)
const KEYS = responseWith(
  'Every signing key: of each algorithm the one that signs, then the next, then the retired ones.',
  {
    keys: listOf(KEY),
  },
)
const ORDER = object({
  alg: text('Only this algorithm. Left out, every one.'),
  publish_ahead: {
    title: 'Span',
    description: 'How long a new key is published before it signs. Left out, it signs at once.',
    type: ['integer', 'string'],
    minimum: 0,
    maximum: LONGEST_DURATION,
    pattern: '^([0-9]{1,9}[smhdw])+$',
  },
  kid: text('The kid of the new key. A key that has it leaves the JWKS. Left out, a thumbprint (RFC 7638).', {
    minLength: 1,
    maxLength: 255,
  }),
  published: boolean('Whether the JWKS gets the new key; true unless said otherwise.'),
})
/** Faults of the JWKS itself, without their prefix. */
const WAYS = FAULT_NAMES.filter((name) => FAULT_CATALOGUE[name].endpoints.join() === 'jwks').map((name) =>
  name.replace('jwks.', ''),
)

export const keys: FastifyPluginAsync = async (app) => {
  const list = { tags, summary: 'List signing keys', response: { 200: KEYS } }
  app.get(PATHS.admin_keys, { schema: list }, async ({ ctx }) => ({ keys: await ctx.tellKeys() }))

  const rotate = {
    tags,
    summary: 'Rotate signing keys',
    description: 'The old ones stay in the JWKS until the last token that they signed has expired.',
    body: ORDER,
    response: { 200: KEYS },
  }
  app.post<{ Body: Order }>(PATHS.rotate_keys, { schema: rotate }, async ({ ctx, body }) => {
    const rotation = await readOrder(ctx, body)
    const told = await ctx.rotateKeys(rotation)
    if (told === undefined) throw invalidRequest('too many keys are published and wait for their turn to sign already')
    ctx.log.info(rotation, 'keys rotated')
    return { keys: told }
  })

  const withdraw = {
    tags,
    summary: 'Take a key out of the JWKS',
    description: 'If it signs, it goes on signing: by a key that nobody finds.',
    params: pathParameter('kid', 'Of the key.'),
    response: {
      200: responseWith('It is no longer published.', {
        signs: boolean('Whether it goes on signing.'),
        keys: listOf(KEY),
      }),
    },
  }
  app.delete<{ Params: { kid: string } }>(PATHS.admin_key, { schema: withdraw }, async ({ ctx, params: { kid } }) => {
    const told = await ctx.withdrawKey(kid)
    if (told === undefined) throw nothingHere(`there is no signing key ${shown(kid)}`)
    ctx.log.info({ kid }, 'key withdrawn')
    return { signs: told.some((key) => key.kid === kid && key.status === 'current'), keys: told }
  })

  const breakJwks = {
    tags,
    summary: 'Break the JWKS',
    description: 'By a fault of run time: it ends when that rule is deleted, or the keys are reset.',
    body: object({ how: { description: 'The fault, less `jwks.`.', enum: WAYS } }, ['how']),
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
    summary: 'Go back to the keys of the start',
    description: 'All of them published, and without any fault of the JWKS that came at run time.',
    body: object({}),
    response: { 200: KEYS },
  }
  app.post(PATHS.reset_keys, { schema: reset }, async ({ ctx }) => {
    for (const { id, rule } of await ctx.faults.list()) {
      if (FAULT_CATALOGUE[rule.fault].section === 'JWKS') await ctx.faults.delete(id)
    }
    ctx.resetKeys()
    ctx.log.info({}, 'keys reset')
    return { keys: await ctx.tellKeys() }
  })
}

async function readOrder(ctx: Context, { alg: asked, publish_ahead: span = 0, kid, published = true }: Order) {
  const algs = [...new Set(ctx.snapshot.keys.map(({ alg }) => alg))]
  const alg = readAlg(algs, asked)
  const publish_ahead = findDuration(span)
  if (publish_ahead === undefined) throw invalidRequest(`/publish_ahead must be at most 100 years, but is "${span}"`)
  if (kid !== undefined && alg === undefined && algs.length > 1) {
    throw invalidRequest(`/kid is for one key, so /alg must say which: ${algs.join(', ')}`)
  }
  if (publish_ahead > 0 && !published) {
    throw invalidRequest('/publish_ahead came with /published false, but a key is either published ahead or not at all')
  }
  if (publish_ahead > 0 && (await ctx.tellKeys()).some((key) => key.kid === kid)) {
    throw invalidRequest('/publish_ahead came with the /kid of another key, but the JWKS has each kid once')
  }
  return { alg, publish_ahead, kid, published }
}

function readAlg(algs: readonly Alg[], asked: string | undefined): Alg | undefined {
  const found = algs.find((alg) => alg === asked)
  if (asked === undefined || found !== undefined) return found
  throw invalidRequest(`/alg must be one of ${algs.join(', ')}, for which there are keys, but is ${shown(asked)}`)
}

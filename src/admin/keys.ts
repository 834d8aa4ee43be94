/** New signing keys on demand, with the old ones published until nothing needs them. */
import type { FastifyPluginAsync } from 'fastify'
import { findDuration } from '../config/duration.js'
import type { Alg } from '../config/types.js'
import type { Context } from '../context.js'
import { PATHS } from '../endpoints/paths.js'
import { invalidRequest, shown } from '../oauth/errors.js'
import { readJson } from '../oauth/params.js'

const MEMBERS = ['alg', 'publish_ahead']

export const rotateKeys: FastifyPluginAsync = async (app) => {
  const config = { answer: 'json' } as const

  /** In: maybe `alg`, else all; maybe `publish_ahead`, else new keys sign at once. Out: the keys in line. */
  app.post(PATHS.rotate_keys, { config }, async ({ ctx, headers, body, log }) => {
    const asked = body === undefined ? {} : readJson(headers['content-type'], body, invalidRequest)
    const unknown = Object.keys(asked).find((name) => !MEMBERS.includes(name))
    if (unknown !== undefined) throw invalidRequest(`${shown(unknown)} came, expected ${MEMBERS.join(' or ')}`)
    const alg = readAlg(ctx, asked.alg)
    const publish_ahead = readDuration(asked.publish_ahead)
    const keys = await ctx.rotateKeys({ alg, publish_ahead })
    if (keys === undefined) throw invalidRequest('too many keys are published and wait for their turn to sign already')
    log.info({ alg, publish_ahead }, 'keys rotated')
    return { keys }
  })
}

function readAlg({ snapshot }: Context, value: unknown): Alg | undefined {
  if (value === undefined) return undefined
  const algs = [...new Set(snapshot.keys.map(({ alg }) => alg))]
  const found = algs.find((alg) => alg === value)
  if (found === undefined) throw invalidRequest(`alg is ${inWords(value)}, expected one of ${algs.join(', ')}`)
  return found
}

function readDuration(value: unknown): number {
  if (value === undefined) return 0
  const seconds = findDuration(value)
  if (seconds !== undefined) return seconds
  throw invalidRequest(
    `publish_ahead is ${inWords(value)}, expected seconds or a text such as 15m or 1h30m, up to 100 years`,
  )
}

const inWords = (value: unknown) => shown(typeof value === 'string' ? value : JSON.stringify(value))

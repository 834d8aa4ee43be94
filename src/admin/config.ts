/** What the configuration says now, and whether that is what the files say. */
import type { FastifyPluginAsync } from 'fastify'
import { isSecret } from '../config/annotations.js'
import { PATHS } from '../routes.js'
import { boolean, listOf, object, responseWith, text } from './schema.js'

export interface ConfigOptions {
  readonly health: () => {
    readonly config: { readonly status: 'current' | 'stale'; readonly problems: readonly object[] }
  }
  readonly reload: () => Promise<boolean>
}

const tags = ['config']

const PROBLEM = object(
  {
    file: text('The file, or the flag or variable.'),
    line: { type: 'integer' },
    column: { type: 'integer' },
    path: text('A JSON pointer to what is wrong.'),
    message: text('What is wrong.'),
  },
  ['file', 'path', 'message'],
)
const PROBLEMS = { ...listOf(PROBLEM), description: 'Why what the files say now is not in force.' }

export const config: FastifyPluginAsync<ConfigOptions> = async (app, { health, reload }) => {
  const get = {
    tags,
    summary: 'Get the configuration',
    response: {
      200: responseWith('The configuration in force.', {
        config: {
          type: 'object',
          description: 'As the files, flags and variables say it, with defaults, without secrets.',
        },
        files: { ...listOf({ type: 'string' }), description: 'Where it comes from.' },
        status: { description: '`stale`: what the files say now is in error.', enum: ['current', 'stale'] },
        problems: PROBLEMS,
      }),
    },
  }
  app.get(PATHS.admin_config, { schema: get }, async ({ ctx: { snapshot } }) => {
    const { status, problems } = health().config
    return { config: mask(snapshot.config), files: snapshot.files, status, problems }
  })

  const post = {
    tags,
    summary: 'Read the configuration again',
    description: 'For all issuers. What is in error leaves in force what was.',
    response: {
      200: responseWith('What came of it.', {
        reloaded: boolean('Whether what the files say now is in force.'),
        problems: PROBLEMS,
      }),
    },
  }
  app.post(PATHS.reload_config, { schema: post }, async () => {
    const reloaded = await reload()
    return { reloaded, problems: health().config.problems }
  })
}

/** A copy with every secret hidden. */
function mask(value: unknown, path: readonly string[] = []): unknown {
  if (isSecret(path)) return '***'
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, index) => mask(item, [...path, String(index)]))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mask(inner, [...path, name])]))
}

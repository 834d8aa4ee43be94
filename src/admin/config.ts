/** Reads and reloads the configuration of the provider. */
import type { FastifyPluginAsync } from 'fastify'
import { isSecret } from '../config/annotations.js'
import { HIDDEN } from '../errors.js'
import { PATHS } from '../routes.js'
import { boolean, listOf, object, responseWith, text } from './schema.js'

export interface ConfigOptions {
  readonly health: () => {
    readonly config: {
      readonly status: 'current' | 'stale'
      readonly problems: readonly object[]
      readonly warnings: readonly object[]
    }
  }
  readonly reload: () => Promise<boolean>
}

const tags = ['config']

const PROBLEM = object(
  {
    file: text('Name of the file, the flag or the environment variable.'),
    line: { type: 'integer' },
    column: { type: 'integer' },
    path: text('JSON pointer to the value.'),
    message: text('Description of the problem.'),
    excerpt: text('Line of a syntax error and a caret below its column.'),
  },
  ['file', 'path', 'message'],
)
const PROBLEMS = { ...listOf(PROBLEM), description: 'Reasons why the current content of the files is not in force.' }
const WARNINGS = {
  ...listOf(PROBLEM),
  description: 'Values of the configuration in force that are probably not intended.',
}

export const config: FastifyPluginAsync<ConfigOptions> = async (app, { health, reload }) => {
  const get = {
    tags,
    summary: 'Get the configuration',
    response: {
      200: responseWith('The configuration in force.', {
        config: {
          type: 'object',
          description: 'Values of files, flags and environment variables, with defaults and masked secrets.',
        },
        files: { ...listOf({ type: 'string' }), description: 'Files of the configuration.' },
        status: {
          description: '`stale`: the files have problems, and the configuration before the change stays in force.',
          enum: ['current', 'stale'],
        },
        problems: PROBLEMS,
        warnings: WARNINGS,
      }),
    },
  }
  app.get(PATHS.admin_config, { schema: get }, async ({ ctx: { snapshot } }) => {
    return { config: mask(snapshot.config), files: snapshot.files, ...health().config }
  })

  const post = {
    tags,
    summary: 'Reload the configuration',
    description:
      'Reads the files again for all issuers. If they have problems, the earlier configuration stays in force.',
    response: {
      200: responseWith('The result of the reload.', {
        reloaded: boolean('Whether the current content of the files is in force.'),
        problems: PROBLEMS,
        warnings: WARNINGS,
      }),
    },
  }
  app.post(PATHS.reload_config, { schema: post }, async () => {
    const reloaded = await reload()
    const { problems, warnings } = health().config
    return { reloaded, problems, warnings }
  })
}

/** Returns a copy with every secret masked. */
function mask(value: unknown, path: readonly string[] = []): unknown {
  if (isSecret(path)) return HIDDEN
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, index) => mask(item, [...path, String(index)]))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mask(inner, [...path, name])]))
}

/** Validates a configuration file without a server, for `oidc-provider-mock validate`. */
import { ConfigError, type Problem } from './errors.js'
import { loadSnapshot, type Sources } from './load.js'
import type { Environment } from './substitute.js'

/** The problems of a file, and the warnings of a file without problems. */
export interface Validation {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Returns the problems and warnings that a start with the file would report. Writes no files. */
export const validateFile = (config: string, env: Environment) => validate({ config }, env)

/** Returns the problems and warnings that a start with the text would report. @param name of the text in problems. */
export const validateText = (name: string, text: string, env: Environment) =>
  validate({ config_text: { name, text } }, env)

async function validate(source: Pick<Sources, 'config' | 'config_text'>, env: Environment): Promise<Validation> {
  try {
    const { warnings } = await loadSnapshot({ ...source, overrides: [], env }, undefined, { create_keys: false })
    return { problems: [], warnings }
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems, warnings: [] }
    throw error
  }
}

/** Validates a configuration file without a server, for `oidc-provider-mock validate`. */
import { ConfigError, type Problem } from './errors.js'
import { loadSnapshot } from './load.js'
import type { Environment } from './substitute.js'

/** The problems of a file, and the warnings of a file without problems. */
export interface Validation {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Returns the problems and warnings that a start with the file would report. Writes no files. */
export async function validateFile(file: string, env: Environment): Promise<Validation> {
  try {
    const { warnings } = await loadSnapshot({ config: file, overrides: [], env }, undefined, { create_keys: false })
    return { problems: [], warnings }
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems, warnings: [] }
    throw error
  }
}

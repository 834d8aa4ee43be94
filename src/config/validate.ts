/** Validates a configuration file without a server, for `oidc-provider-mock validate`. */
import { ConfigError, type Problem } from './errors.js'
import { loadSnapshot } from './load.js'
import type { Environment } from './substitute.js'

/** Returns the problems that a start with the file would report. Writes no files. */
export async function validateFile(file: string, env: Environment): Promise<readonly Problem[]> {
  try {
    await loadSnapshot({ config: file, overrides: [], env }, undefined, { create_keys: false })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

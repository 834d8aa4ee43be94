/** The check of a configuration file without a server: `oidc-provider-mock validate`. */
import { ConfigError, type Problem } from './errors.js'
import { loadSnapshot } from './load.js'
import type { Environment } from './substitute.js'

/** Everything that is wrong with a file, as a start would find it; nothing is written. */
export async function validateFile(file: string, env: Environment): Promise<readonly Problem[]> {
  try {
    await loadSnapshot({ config: file, overrides: [], env }, undefined, { create_keys: false })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

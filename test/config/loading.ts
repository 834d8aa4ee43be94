/** Loads configurations from text and reports their problems. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { ConfigError, formatProblem } from '../../src/config/errors.js'
import { loadSnapshot, type Sources } from '../../src/config/load.js'
import type { Snapshot } from '../../src/config/snapshot.js'

/** Loads `config.yaml` with this text. */
export async function load(t: Test, text: string, sources: Partial<Sources> = {}): Promise<Snapshot> {
  const folder = t.testdir({ 'config.yaml': text })
  return await loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env: {}, ...sources })
}

/** Returns the problems of a configuration as lines, in which file names have no folder. */
export async function problemsOf(t: Test, text: string, sources: Partial<Sources> = {}): Promise<string[]> {
  return await problemsIn(load(t, text, sources))
}

/** Returns the problems with which an attempt ends, as lines. */
export async function problemsIn(loading: Promise<unknown>): Promise<string[]> {
  try {
    await loading
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => formatProblem({ ...problem, file: problem.file.replace(/^.*\//, '') }))
  }
  return []
}

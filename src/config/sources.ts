/** The sources of a configuration: named files or files found in a folder, and overrides. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { LoadFiles } from './contents.js'
import { ConfigError, type Problem } from './errors.js'
import type { Override } from './merge.js'
import { reasonOf } from './read.js'
import type { Environment } from './substitute.js'

/** The sources of a configuration. */
export interface Sources {
  /** A YAML or JSON file with the configuration or a flat list of users. */
  readonly config?: string
  /** The text of a configuration, used instead of `config`, and its name in problems. */
  readonly config_text?: { readonly name: string; readonly text: string }
  /** A YAML or JSON file with a flat list of users, appended to the users of `config`. */
  readonly user_claims_file?: string
  /** A folder whose `config.yaml` and `users.yaml` are the defaults of `config` and `user_claims_file`. */
  readonly config_dir?: string
  /** Whether to poll the files, for file systems that send no notifications. */
  readonly poll?: boolean
  /** Values that replace those of the files, applied in this order. */
  readonly overrides: readonly Override[]
  readonly env: Environment
}

/** The files of a configuration. */
export type Files = Pick<Sources, 'config' | 'user_claims_file'>

const ENDINGS = ['yaml', 'yml', 'json']

/** Returns the files that can have the configuration, whether they exist or not. */
export function listFiles(sources: Sources): string[] {
  const { config, user_claims_file } = sources
  const wanted = candidates(sources)
  return [
    ...(config === undefined ? wanted.config : [config]),
    ...(user_claims_file === undefined ? wanted.users : [user_claims_file]),
  ]
}

/** Returns the paths in the folder that are tried for a source that is not named. */
function candidates({ config, config_text, user_claims_file, config_dir }: Sources): {
  config: string[]
  users: string[]
} {
  const names = (name: string, given: unknown) =>
    config_dir === undefined || given !== undefined
      ? []
      : ENDINGS.map((ending) => join(config_dir, `${name}.${ending}`))
  return { config: names('config', config ?? config_text), users: names('users', user_claims_file) }
}

/** Finds the files of the configuration. @param before the files of the last load: one that no longer exists is a problem. */
export async function findFiles(sources: Sources, files: LoadFiles, before: readonly string[] = []): Promise<Files> {
  const { config, config_text, user_claims_file, config_dir } = sources
  const problems: Problem[] = []
  if (config !== undefined && config_text !== undefined) {
    const message = `is a configuration, and ${config} is another one; remove one of them`
    problems.push({ file: config_text.name, path: '', message })
  }
  if (config_dir !== undefined) problems.push(...(await folderProblems(config_dir)))
  if (problems.length > 0) throw new ConfigError(problems)
  const wanted = candidates(sources)
  const found = {
    config: config ?? (await choose(wanted.config, files, before, problems)),
    user_claims_file: user_claims_file ?? (await choose(wanted.users, files, before, problems)),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    ...(found.config !== undefined && { config: found.config }),
    ...(found.user_claims_file !== undefined && { user_claims_file: found.user_claims_file }),
  }
}

async function folderProblems(folder: string): Promise<Problem[]> {
  try {
    if ((await stat(folder)).isDirectory()) return []
    const message = 'is a file, expected a folder with config.yaml or users.yaml'
    return [{ file: folder, path: '', message }]
  } catch (error) {
    return [
      {
        file: folder,
        path: '',
        message: `${reasonOf(error)}; expected a folder that can contain config.yaml or users.yaml`,
      },
    ]
  }
}

/** Returns the only existing file of several. */
async function choose(
  wanted: readonly string[],
  files: LoadFiles,
  before: readonly string[],
  problems: Problem[],
): Promise<string | undefined> {
  const contents = await Promise.all(wanted.map(files.read))
  const [first, ...others] = wanted.filter((_, index) => {
    const content = contents[index]!
    return 'bytes' in content || !content.absent
  })
  if (first !== undefined && others.length > 0) {
    const names = others.map((file) => basename(file)).join(' and ')
    problems.push({
      file: first,
      path: '',
      message: `exists together with ${names}, expected one of them; remove the others`,
    })
  }
  const gone = wanted.find((file) => before.includes(file))
  if (first === undefined && gone !== undefined) {
    const message = 'was deleted, but its last content stays in force; restore it, or restart to continue without it'
    problems.push({ file: gone, path: '', message })
  }
  return first
}

/** The sources of a configuration: named files or files found in a folder, and overrides. */
import { lstat, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
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

/** The files to read. */
export type Files = Pick<Sources, 'config' | 'user_claims_file'>

const ENDINGS = ['yaml', 'yml', 'json']

/** Returns the files whose change can change the configuration, including files that do not exist. */
export function watchedFiles(sources: Sources): string[] {
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

/** Finds the files to read. A file of `before`, the files of the last load, that no longer exists is a problem. */
export async function findFiles(sources: Sources, before: readonly string[] = []): Promise<Files> {
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
    config: config ?? (await choose(wanted.config, before, problems)),
    user_claims_file: user_claims_file ?? (await choose(wanted.users, before, problems)),
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
  files: readonly string[],
  before: readonly string[],
  problems: Problem[],
): Promise<string | undefined> {
  const there = await Promise.all(files.map(isThere))
  const [first, ...others] = files.filter((_, index) => there[index])
  if (first !== undefined && others.length > 0) {
    const names = others.map((file) => basename(file)).join(' and ')
    problems.push({
      file: first,
      path: '',
      message: `exists together with ${names}, expected one of them; remove the others`,
    })
  }
  const gone = files.find((file) => before.includes(file))
  if (first === undefined && gone !== undefined) {
    const message = 'was deleted, but its last content stays in force; restore it, or restart to continue without it'
    problems.push({ file: gone, path: '', message })
  }
  return first
}

/** Whether a file exists. A broken symbolic link exists, so that it is reported. */
async function isThere(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  )
}

/** Where a configuration comes from: files that are named, or looked for in a folder, and what lies over them. */
import { lstat, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ConfigError, type Problem } from './errors.js'
import type { Override } from './merge.js'
import { reasonOf } from './read.js'
import type { Environment } from './substitute.js'

/** Where a configuration comes from. */
export interface Sources {
  /** A YAML or JSON file: the configuration, or a flat list of users. */
  readonly config?: string
  /** The text of such a file, and the name that problems call it by; it stands in the place of `config`. */
  readonly config_text?: { readonly name: string; readonly text: string }
  /** A YAML or JSON file with a flat list of users, which come after those of `config`. */
  readonly user_claims_file?: string
  /** A folder whose `config.yaml` and `users.yaml`, if they are there, are read in the place of the two where those are left out. */
  readonly config_dir?: string
  /** Whether to look at the files from time to time, because the system tells of no changes where they are. */
  readonly poll?: boolean
  /** Applied in this order, over the files. */
  readonly overrides: readonly Override[]
  readonly env: Environment
}

/** The files to read. */
export type Files = Pick<Sources, 'config' | 'user_claims_file'>

const ENDINGS = ['yaml', 'yml', 'json']

/** Every file whose change may change the configuration, be it there or not. */
export function watchedFiles(sources: Sources): string[] {
  const { config, user_claims_file } = sources
  const wanted = candidates(sources)
  return [
    ...(config === undefined ? wanted.config : [config]),
    ...(user_claims_file === undefined ? wanted.users : [user_claims_file]),
  ]
}

/** What is looked for in the folder, in the place of what is not given. */
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

/** The files to read now. `before` are those that were read the last time; one that is gone since is a problem. */
export async function findFiles(sources: Sources, before: readonly string[] = []): Promise<Files> {
  const { config, config_text, user_claims_file, config_dir } = sources
  const problems: Problem[] = []
  if (config !== undefined && config_text !== undefined) {
    const message = `is a whole configuration, and so is ${config}, which is given as well; leave one of them out`
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
    const message = 'is a file, but a folder was expected that holds config.yaml or users.yaml'
    return [{ file: folder, path: '', message }]
  } catch (error) {
    return [
      {
        file: folder,
        path: '',
        message: `${reasonOf(error)}; a folder was expected that may hold config.yaml or users.yaml`,
      },
    ]
  }
}

/** The one of the files that is there. */
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
      message: `stands beside ${names}, but only one of them can be read; remove the others`,
    })
  }
  const gone = files.find((file) => before.includes(file))
  if (first === undefined && gone !== undefined) {
    const message = 'is gone, but what it said stays in force; put it back, or start again to go on without it'
    problems.push({ file: gone, path: '', message })
  }
  return first
}

/** A link that leads nowhere is there: whoever made it meant something to be read. */
async function isThere(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  )
}

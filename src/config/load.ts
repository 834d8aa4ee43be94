/** From the files, the environment and the overrides to a snapshot, or to everything that is wrong with them. */
import { dirname, resolve } from 'node:path'
import { check } from './check.js'
import { type Parsed, parseText } from './document.js'
import { ConfigError, type Problem } from './errors.js'
import { show } from './explain.js'
import { loadKeys } from './keys.js'
import { appendUsers, applyOverride, flatUsers, isMembers, type Layer, type Override } from './merge.js'
import { locate, type Origin, problemAt } from './origin.js'
import { readText } from './read.js'
import { validate } from './schema.js'
import { buildSnapshot, type Snapshot } from './snapshot.js'
import type { Environment } from './substitute.js'
import type { Config } from './types.js'

export { readSchema } from './schema.js'
export type { Override }

/** Where a configuration comes from. */
export interface Sources {
  /** A YAML or JSON file: the configuration, or a flat list of users. */
  readonly config?: string
  /** A YAML or JSON file with a flat list of users, which come after those of `config`. */
  readonly user_claims_file?: string
  /** Applied in this order, over the files. */
  readonly overrides: readonly Override[]
  readonly env: Environment
}

export interface LoadOptions {
  /** Whether a `keep_in` file that is not there is made; true unless said otherwise. */
  readonly create_keys?: boolean
}

const A_LIST = 'a list of users such as `- sub: alice`'
const A_CONFIGURATION = `a configuration such as \`users: [{ sub: alice }]\`, or ${A_LIST}`

/** Loads all of it. A ConfigError lists every problem there is, in the order of the files. */
export async function loadSnapshot(
  sources: Sources,
  previous?: Snapshot,
  { create_keys = true }: LoadOptions = {},
): Promise<Snapshot> {
  const files = await readFiles(sources)
  const { value, origin } = sources.overrides.reduce(applyOverride, files.layer)
  const { complaints, pruned } = validate(value)
  complaints.push(...check(pruned))
  const loaded = await loadKeys({
    keys: pruned.keys ?? [],
    folder: sources.config === undefined ? process.cwd() : dirname(resolve(sources.config)),
    previous: previous?.keys ?? [],
    create: create_keys && complaints.length === 0 && files.problems.length === 0,
  })
  complaints.push(...loaded.complaints)
  const places = new Set(files.problems.map(place))
  const located = complaints.map((complaint) => locate(origin, complaint))
  // What a variable left wrong is only a consequence of the problem with the variable.
  const problems = [...files.problems, ...located.filter((problem) => !places.has(place(problem)))]
  if (problems.length > 0) throw new ConfigError(inOrder(sources, problems))
  return buildSnapshot(value as Config, loaded.keys)
}

/** The files as one layer, with the problems that still leave a value to go on with. */
async function readFiles({ config, user_claims_file, env }: Sources): Promise<{ layer: Layer; problems: Problem[] }> {
  const files: Parsed[] = []
  if (config !== undefined) files.push(await readFile(config, env))
  if (user_claims_file !== undefined) files.push(await readFile(user_claims_file, undefined))
  const problems = files.flatMap((file) => file.problems)
  if (files.some(({ value }) => value === undefined)) throw new ConfigError(problems)
  const nothing: Layer = { value: {}, origin: { source: { name: 'configuration' } } }
  const layer = files.reduce<Layer>(
    (base, file) => (isMembers(file.value) ? file : appendUsers(base, flatUsers(file))),
    nothing,
  )
  return { layer, problems }
}

/** Reads and parses one file. Without variables to put in, it has to be a list of users. */
async function readFile(file: string, env: Environment | undefined): Promise<Parsed> {
  const fail = (message: string, { source, node }: Origin = { source: { name: file } }): Parsed => ({
    value: undefined,
    origin: { source },
    problems: [problemAt(source, node, '', message)],
  })
  const expected = env === undefined ? A_LIST : A_CONFIGURATION
  let text: string
  try {
    text = await readText(file)
  } catch (error) {
    return fail((error as Error).message)
  }
  const parsed = parseText(file, text, env)
  if (parsed.value === undefined || Array.isArray(parsed.value)) return parsed
  if (parsed.value === null) return fail(`is empty, but should be ${expected}`)
  if (env !== undefined && isMembers(parsed.value)) return parsed
  return fail(`must be ${expected}, but is ${show(parsed.value, [])}`, parsed.origin)
}

function place({ file, line, column, path }: Problem): string {
  return JSON.stringify([file, line, column, path])
}

function inOrder({ config, user_claims_file, overrides }: Sources, problems: readonly Problem[]): Problem[] {
  const names = [config, user_claims_file, ...overrides.map(({ source }) => source)]
  const rank = ({ file, line = 0, column = 0 }: Problem) => [names.indexOf(file), line, column] as const
  return problems.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)]
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
  })
}

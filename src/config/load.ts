/** Loads a snapshot from the files, the environment and the overrides. */
import { dirname, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../generated/types.js'
import { loadAuthorities } from './authorities.js'
import { check } from './check/index.js'
import { findWarnings } from './check/warnings.js'
import { type LoadFiles, openFiles, readUnwritten } from './contents.js'
import { type Parsed, parseText } from './document.js'
import { ConfigError, limitProblems, type Problem } from './errors.js'
import { findForeign } from './foreign.js'
import { type Hidden, hideIn, textsIn } from './hidden.js'
import { loadKeys } from './keys.js'
import { appendUsers, applyOverride, flatUsers, isMembers, type Layer, type Override } from './merge.js'
import { locate, type Origin, problemAt } from './origin.js'
import { findPlaces } from './places.js'
import { fillIn, findPreset } from './presets.js'
import { withoutExtensions } from './published.js'
import { textOf } from './read.js'
import { validate } from './schema.js'
import { show } from './show.js'
import { buildSnapshot, type Snapshot } from './snapshot.js'
import { type Files, findFiles, listFiles, type Sources } from './sources.js'
import type { Variables } from './substitute.js'
import { loadTls } from './tls.js'

export { readSchema } from './schema.js'
export type { Override, Sources }

export interface LoadOptions {
  /** Whether a missing `keep_in` file is created. Default: true. */
  readonly create_keys?: boolean
  /** The contents of the files of the sources, and files that they name. Default: they are read. */
  readonly files?: LoadFiles
}

const A_LIST = 'a list of users such as `- sub: alice`'
const A_CONFIGURATION = `a configuration such as \`users: [{ sub: alice }]\`, or ${A_LIST}`

/** Reads the files of the sources, as they are now. */
export async function readFiles(sources: Sources): Promise<LoadFiles> {
  return openFiles(await readUnwritten(listFiles(sources)))
}

/** Loads the snapshot. Throws a ConfigError with all problems, in the order of the files. */
export async function loadSnapshot(
  sources: Sources,
  previous?: Snapshot,
  options: LoadOptions = {},
): Promise<Snapshot> {
  const { create_keys = true, files = await readFiles(sources) } = options
  const found = await findFiles(sources, files, previous?.files)
  const parsed = await parseFiles(sources, found, files, previous !== undefined)
  const { value: configured, origin } = sources.overrides.reduce(applyOverride, parsed.layer)
  const own = withoutExtensions(configured as object)
  const { preset: name, issuer } = own as Partial<Config>
  const preset = findPreset(name, issuer)
  const value = preset === undefined ? own : fillIn(own, preset.config)
  // A large configuration takes long: requests have their turn between the steps.
  await setImmediate()
  const { complaints, pruned } = validate(value)
  await setImmediate()
  complaints.push(...check(pruned))
  const folder = folderOf(found.config)
  const { tls, complaints: aboutTls } = await loadTls(pruned.server?.tls ?? {}, folder, files)
  const authorities = await loadAuthorities(['outbound', 'ca'], pruned.outbound?.ca, folder, files)
  complaints.push(...aboutTls, ...authorities.complaints)
  const loaded = await loadKeys({
    config: pruned,
    folder,
    files,
    previous,
    create: create_keys && complaints.length === 0 && parsed.problems.length === 0,
  })
  await files.requireUnwritten()
  complaints.push(...loaded.complaints)
  const places = new Set(parsed.problems.map(place))
  const located = complaints.map((complaint) => locate(origin, complaint))
  // A second problem at the same position is a consequence of a missing variable.
  const problems = [...parsed.problems, ...located.filter((problem) => !places.has(place(problem)))]
  const hidden = [...parsed.hidden, ...hiddenTexts(sources)]
  if (problems.length > 0) throw new ConfigError(inOrder(sources, found, hideIn(problems, hidden)))
  await setImmediate()
  const config = value as Config
  const warnings = findWarnings(config).map((complaint) => locate(origin, complaint))
  const warned = new Set(warnings.map(place))
  warnings.push(...parsed.warnings.filter((warning) => !warned.has(place(warning))))
  await setImmediate()
  return await buildSnapshot(config, loaded, namesOf(found), {
    tls,
    outbound_ca: authorities.pem,
    preset,
    places: findPlaces(origin, config),
    warnings: limitProblems(inOrder(sources, found, hideIn(warnings, hidden)), 'warnings'),
  })
}

/** Loads the settings of the server, to connect to a running one. Ignores problems in other sections. */
export async function loadServer(sources: Sources): Promise<Config['server']> {
  const files = await readFiles(sources)
  const parsed = await findFiles(sources, files)
    .then((found) => parseFiles(sources, found, files, false))
    .catch((error: unknown) => {
      if (error instanceof ConfigError) return { layer: nothing(), hidden: [] }
      throw error
    })
  const { value: configured, origin } = sources.overrides.reduce(applyOverride, parsed.layer)
  const value = withoutExtensions(configured as object)
  const { complaints } = validate(value)
  const about = complaints.filter(({ path }) => path.length === 0 || path[0] === 'server')
  const problems = about.map((complaint) => locate(origin, complaint))
  if (problems.length > 0) throw new ConfigError(hideIn(problems, [...parsed.hidden, ...hiddenTexts(sources)]))
  return (value as Config).server
}

/** Returns the texts of overrides that are from files. */
const hiddenTexts = ({ overrides }: Sources): Hidden[] =>
  overrides
    .filter(({ is_hidden }) => is_hidden)
    .flatMap(({ value }) => textsIn(value).map((text) => ({ text, shown: 'the content of the file' })))

/** Returns an empty layer. Each is a new object, because defaults are filled into it. */
const nothing = (): Layer => ({ value: {}, origin: { source: { name: 'configuration' } } })

/** Parses the files into one layer, with the problems that leave a value to check. Throws if a file has no value. */
async function parseFiles(
  { config_text, env }: Sources,
  { config, user_claims_file }: Files,
  files: LoadFiles,
  again: boolean,
): Promise<{ layer: Layer; problems: Problem[]; warnings: Problem[]; hidden: Hidden[] }> {
  const parsed: Parsed[] = []
  const variables = { env, folder: folderOf(config), read: files.read }
  if (config_text !== undefined) parsed.push(await readDocument(config_text.name, config_text.text, variables))
  if (config !== undefined) parsed.push(await parseFile(config, variables, files, again))
  if (user_claims_file !== undefined) parsed.push(await parseFile(user_claims_file, undefined, files, again))
  const problems = parsed.flatMap((file) => file.problems)
  const hidden = parsed.flatMap((file) => file.hidden)
  if (parsed.some(({ value }) => value === undefined)) throw new ConfigError(hideIn(problems, hidden))
  const layer = parsed.reduce<Layer>(
    (base, file) => (isMembers(file.value) ? file : appendUsers(base, flatUsers(file))),
    nothing(),
  )
  return { layer, problems, warnings: parsed.flatMap((file) => file.warnings), hidden }
}

/** Returns the base of relative paths in a configuration. */
const folderOf = (config: string | undefined) => (config === undefined ? process.cwd() : dirname(resolve(config)))

/** Parses one file. Without variables, it must be a list of users. */
async function parseFile(
  file: string,
  variables: Variables | undefined,
  files: LoadFiles,
  again: boolean,
): Promise<Parsed> {
  const content = await files.read(file)
  if (again && 'bytes' in content && content.unlinked) return failed(file, REPLACED)
  let text: string
  try {
    text = textOf(content)
  } catch (error) {
    return failed(file, (error as Error).message)
  }
  return readDocument(file, text, variables)
}

const REPLACED =
  'was replaced on the host, which a mount of a single file does not follow; mount its folder, or restart'

async function readDocument(name: string, text: string, variables: Variables | undefined): Promise<Parsed> {
  const expected = variables === undefined ? A_LIST : A_CONFIGURATION
  const parsed = await parseText(name, text, variables)
  const foreign = findForeign(parsed.value)
  if (foreign !== undefined) {
    const message = `looks like ${foreign}, expected ${expected}; write its users and clients with the keys of docs/configuration.md`
    return failed(name, message, parsed.origin)
  }
  if (parsed.value === undefined || Array.isArray(parsed.value)) return parsed
  if (parsed.value === null) return failed(name, `is empty, expected ${expected}`)
  if (variables !== undefined && isMembers(parsed.value)) return parsed
  return failed(name, `is ${show(parsed.value, true)}, expected ${expected}`, parsed.origin)
}

function failed(name: string, message: string, { source, node }: Origin = { source: { name } }): Parsed {
  return {
    value: undefined,
    origin: { source },
    problems: [problemAt(source, node, '', message)],
    warnings: [],
    hidden: [],
  }
}

function place({ file, line, column, path }: Problem): string {
  return JSON.stringify([file, line, column, path])
}

function namesOf({ config, user_claims_file }: Files): string[] {
  return [config, user_claims_file].filter((file) => file !== undefined)
}

function inOrder({ config_text, overrides }: Sources, found: Files, problems: readonly Problem[]): Problem[] {
  const names = [config_text?.name, ...namesOf(found), ...overrides.map(({ source }) => source)]
  const rank = ({ file, line = 0, column = 0 }: Problem) => [names.indexOf(file), line, column] as const
  return problems.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)]
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
  })
}

/** Reads flags and environment variables into the sources of the configuration. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { ConfigError, type Problem } from '../config/errors.js'
import { hideIn } from '../config/hidden.js'
import type { Override, Sources } from '../config/load.js'
import { reasonOf } from '../config/read.js'
import { FLAGS, type Flag, nameOf, overridesOf, readWatch, variableOf } from './flags.js'

/** One value of a flag and the name of the flag or variable that sets it. */
interface Value {
  readonly source: string
  readonly text: string
  /** Whether the text is from a file with a secret. */
  readonly is_hidden?: boolean
}

/** The values of each flag in the order given. */
export type Values = ReadonlyMap<Flag, readonly Value[]>

/** Removes every `--`: the reference is used as `docker run IMAGE -- --require-nonce`. */
export function withoutSeparators(argv: readonly string[]): string[] {
  return argv.filter((argument) => argument !== '--')
}

/** Returns the description of a flag in `--help`. */
export const describeFlag = (flag: Flag) => `${flag.description} [${variableOf(flag)}]`

/** Adds an option for each flag. Returns their values, which are filled in when the command parses its arguments. */
export function addFlags(command: Command): Values {
  const given = new Map<Flag, Value[]>()
  for (const flag of FLAGS) {
    // A boolean flag without a value is true.
    const option = new Option(`${flag.names} ${flag.value}`.trim(), describeFlag(flag)).preset('true')
    if (flag.choices !== undefined) option.argChoices = [...flag.choices]
    if (flag.heading !== undefined) command.optionsGroup(flag.heading)
    const add = (text: string) => void given.set(flag, [...(given.get(flag) ?? []), { source: nameOf(flag), text }])
    command.addOption(option.argParser(add))
  }
  return given
}

/** Reads the flags among the arguments of a program. */
export function readFlags(argv: readonly string[]): Values {
  const command = new Command().allowExcessArguments().exitOverride()
  const given = addFlags(command)
  command.parse(withoutSeparators(argv), { from: 'user' })
  return given
}

/** Returns the sources of the configuration. An environment variable counts unless its flag is given. */
export function readSettings(given: Values, env: NodeJS.ProcessEnv): Sources {
  const values = withEnvironment(given, env)
  const last = (name: string) => values.get(FLAGS.find((flag) => flag.env === name)!)?.at(-1)
  const config = last('CONFIG')?.text
  const inline = last('CONFIG_INLINE')
  const user_claims_file = last('USER_CLAIMS_FILE')?.text
  const config_dir = last('CONFIG_DIR')?.text
  const unnamed = ['CONFIG', 'USER_CLAIMS_FILE', 'CONFIG_DIR'].map(last).filter((value) => value?.text === '')
  const message = 'is empty, expected the name of a file or folder'
  if (unnamed.length > 0) throw new ConfigError(unnamed.map((value) => ({ file: value!.source, path: '', message })))
  return {
    overrides: readOverrides(values),
    env,
    ...(config !== undefined && { config }),
    ...(inline !== undefined && { config_text: { name: inline.source, text: inline.text } }),
    ...(user_claims_file !== undefined && { user_claims_file }),
    ...(config_dir !== undefined && { config_dir }),
    poll: readWatch(last('WATCH')?.text ?? 'events') === 'poll',
  }
}

/** Adds the values of environment variables for all flags that are not on the command line. */
function withEnvironment(given: Values, env: NodeJS.ProcessEnv): Values {
  const fromEnvironment = FLAGS.flatMap((flag) => {
    if (given.has(flag)) return []
    const { text, ...value } = readVariable(flag, env)
    if (text === undefined || text === '') return []
    // Kubernetes sets a variable of this name in pods next to a Service named oidc-provider-mock; it is no port number.
    if (flag.env.endsWith('PORT') && text.startsWith('tcp://')) return []
    return [[flag, [{ ...value, text }]] as const]
  })
  return new Map([...fromEnvironment, ...given])
}

/** Returns the value of a flag's variable, or the content of the file that the variable with `_FILE` names. */
function readVariable(flag: Flag, env: NodeJS.ProcessEnv): Omit<Value, 'text'> & { text: string | undefined } {
  const source = variableOf(flag)
  const withFile = `${source}_FILE`
  const file = env[withFile]
  const isOther = FLAGS.some((other) => variableOf(other) === withFile)
  if (file === undefined || file === '' || isOther || !hasContent(flag)) return { source, text: env[source] }
  const refuse = (message: string) => new ConfigError([{ file: withFile, path: '', message }])
  if (env[source]) throw refuse(`is set, and ${source} as well, expected one of them; remove one`)
  const text = readValue(file, refuse)
  // An empty secret would switch a protection off.
  if (text.trim() === '') throw refuse(`names ${file}, which is empty, expected the value of ${source}`)
  return { source: withFile, text, is_hidden: flag.paths.length > 0 }
}

function readValue(file: string, refuse: (message: string) => ConfigError): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw refuse(`names ${file}, which ${reasonOf(error)}`)
  }
}

/** Whether the value of a flag is no name of a file to read. */
const hasContent = ({ paths, env }: Flag) => paths.length > 0 || env === 'CONFIG_INLINE'

function readOverrides(values: Values): Override[] {
  const overrides: Override[] = []
  const problems: Problem[] = []
  // Later overrides win, so the environment is applied before the command line.
  const given = FLAGS.flatMap((flag) => (values.get(flag) ?? []).map((value) => ({ flag, ...value })))
  const byCommandLine = ({ source }: { source: string }) => source.startsWith('--')
  for (const { flag, source, text, is_hidden = false } of [
    ...given.filter((value) => !byCommandLine(value)),
    ...given.filter(byCommandLine),
  ]) {
    try {
      const own = overridesOf(flag, source, text)
      overrides.push(...(is_hidden ? own.map((override) => ({ ...override, is_hidden })) : own))
    } catch (error) {
      const problem = { file: source, path: '', message: (error as Error).message }
      problems.push(...hideIn([problem], is_hidden ? [{ text, shown: 'the content of the file' }] : []))
    }
  }
  problems.push(...levelProblems(overrides))
  if (problems.length > 0) throw new ConfigError(problems)
  return overrides
}

/** `--quiet` and `--verbose` are other words for `--log-level`. */
function levelProblems(overrides: readonly Override[]): Problem[] {
  const names = overrides.filter(({ path }) => path.join('.') === 'log.level').map(({ source }) => source)
  const [variables, flags] = [false, true].map((wanted) =>
    [...new Set(names)].filter((name) => name.startsWith('--') === wanted),
  )
  return [variables!, flags!].flatMap(([first, ...others]) =>
    others.map((file) => ({
      file,
      path: '',
      message: `sets the log level, and ${first} sets it too; give one of them`,
    })),
  )
}

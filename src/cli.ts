#!/usr/bin/env node
/** The command: arguments and environment in, a running provider or one clear sentence out. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { ConfigError, formatProblem, type Problem } from './config/errors.js'
import type { Override, Sources } from './config/load.js'
import { validateFile } from './config/validate.js'
import { FLAGS, type Flag, nameOf, overridesOf, variableOf } from './flags.js'
import { createProvider, ListenError } from './provider.js'

/** What a wrong flag, file or port ends with. */
const MISUSE = 2

type Values = ReadonlyMap<Flag, readonly { readonly source: string; readonly text: string }[]>

async function main(argv: readonly string[]): Promise<void> {
  const given = new Map<Flag, { source: string; text: string }[]>()
  const program = createProgram(given)
  // `docker run IMAGE -- --require-nonce` is how the reference is used, so a `--` means nothing.
  await program.parseAsync(
    argv.filter((argument) => argument !== '--'),
    { from: 'user' },
  )
}

function createProgram(given: Map<Flag, { source: string; text: string }[]>): Command {
  const program = new Command('oidc-provider-mock')
    .description('A mock OpenID Provider, to develop and test sign-in against.')
    .version(readVersion(), '-V, --version')
    .helpOption('-h, --help', 'show this message and exit')
    .helpCommand(false)
    .configureHelp({ optionDescription: (option) => option.description })
    .allowExcessArguments()
    .exitOverride()
    .showHelpAfterError('(--help shows every flag)')
  for (const flag of FLAGS) program.addOption(optionOf(flag, given))
  program.addHelpText('after', HELP)
  program.action(async () => {
    const [stray] = program.args
    if (stray !== undefined) program.error(`error: '${stray}' is no command; is it meant as --config ${stray}?`)
    await serve(readSources(withEnvironment(given, process.env)))
  })
  program
    .command('validate')
    .description('check files as at start, say what is wrong with them, and exit')
    .argument('<FILE...>', 'configurations, or lists of user claims')
    .addOption(new Option('--format <FORMAT>', 'how to say it').choices(['text', 'json']).default('text'))
    .action(async (files: string[], { format }: { format: string }) => validate(files, format))
  return program
}

const HELP = `
Each flag has an environment variable. The command line goes before the
environment, the environment before the file, the file before the defaults.

  oidc-provider-mock                        any client, any user, port 9400
  oidc-provider-mock --config config.yaml   users, clients and flags from a file
  oidc-provider-mock validate config.yaml   only check the file`

function optionOf(flag: Flag, given: Map<Flag, { source: string; text: string }[]>): Option {
  // A bare boolean flag is as good as one with the value true.
  const option = new Option(`${flag.names} ${flag.value}`, `${flag.description} [${variableOf(flag)}]`).preset('true')
  return option.argParser((text: string) => {
    given.set(flag, [...(given.get(flag) ?? []), { source: nameOf(flag), text }])
  })
}

/** What the environment says, for every flag that the command line leaves out. */
function withEnvironment(given: Values, env: NodeJS.ProcessEnv): Values {
  const fromEnvironment = FLAGS.flatMap((flag) => {
    const source = variableOf(flag)
    const text = env[source]
    if (text === undefined || text === '' || given.has(flag)) return []
    // Kubernetes gives pods beside a Service named oidc-provider-mock a variable of this name; it is not meant for us.
    if (flag.env === 'PORT' && text.startsWith('tcp://')) return []
    return [[flag, [{ source, text }]] as const]
  })
  return new Map([...fromEnvironment, ...given])
}

function readSources(values: Values): Sources {
  const overrides: Override[] = []
  const problems: Problem[] = []
  for (const flag of FLAGS) {
    for (const { source, text } of values.get(flag) ?? []) {
      try {
        overrides.push(...overridesOf(flag, source, text))
      } catch (error) {
        problems.push({ file: source, path: '', message: (error as Error).message })
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const file = (env: string) => values.get(FLAGS.find((flag) => flag.env === env)!)?.at(-1)?.text
  const config = file('CONFIG')
  const user_claims_file = file('USER_CLAIMS_FILE')
  return {
    overrides,
    env: process.env,
    ...(config !== undefined && { config }),
    ...(user_claims_file !== undefined && { user_claims_file }),
  }
}

async function serve(sources: Sources): Promise<void> {
  const provider = await createProvider(sources, process.stdout)
  const stop = () => {
    // A second signal doesn't wait for anyone.
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    void provider.close()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  process.on('SIGHUP', () => void provider.reload())
}

async function validate(files: readonly string[], format: string): Promise<void> {
  const results = []
  for (const file of files) results.push({ file, problems: await validateFile(file, process.env) })
  const valid = results.every(({ problems }) => problems.length === 0)
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify({ valid, files: results }, null, 2)}\n`)
  } else {
    const lines = results.map(({ file, problems }) => problems.map(formatProblem).join('\n') || `${file}: valid`)
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  process.exitCode = valid ? 0 : MISUSE
}

/** Each problem on a line. A flag is place enough, also where it sets two settings; only JSON has places within. */
function describeProblems(problems: readonly Problem[]): string {
  const scalars = FLAGS.filter(({ value }) => value !== '<JSON>').flatMap((flag) => [nameOf(flag), variableOf(flag)])
  const lines = problems.map((problem) =>
    formatProblem(scalars.includes(problem.file) ? { ...problem, path: '' } : problem),
  )
  return [...new Set(lines)].join('\n')
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof ConfigError || error instanceof ListenError) {
    process.stderr.write(`${error instanceof ConfigError ? describeProblems(error.problems) : error.message}\n`)
    process.exitCode = MISUSE
  } else if (error instanceof CommanderError) {
    // Commander has said it already; --help and --version end here too, with 0.
    process.exitCode = error.exitCode === 0 ? 0 : MISUSE
    /* c8 ignore start: only a fault of the program's own leads here. */
  } else {
    throw error
  }
  /* c8 ignore stop */
}

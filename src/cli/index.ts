#!/usr/bin/env node
/** The command: arguments and environment in, a running provider or one clear sentence out. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Command, CommanderError, Option } from 'commander'
import { ConfigError, formatProblem, type Problem } from '../config/errors.js'
import { loadServer, type Override, type Sources } from '../config/load.js'
import { readText } from '../config/read.js'
import { validateFile } from '../config/validate.js'
import { askedUrl, diagnose, formatDiagnosis } from '../doctor/doctor.js'
import { isHttpUrl } from '../doctor/hosts.js'
import { createProvider, ListenError, type Running } from '../provider.js'
import { FLAGS, type Flag, nameOf, overridesOf, readWatch, variableOf } from './flags.js'
import { argumentsOfServer, checkHealth, healthUrl } from './healthcheck.js'

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
  program
    .command('healthcheck')
    .description('ask the provider that these settings start whether it is well: exit code 0, or else 1')
    .action(async () => healthcheck(given))
  program
    .command('doctor')
    .description('look at a provider from here, and say what is wrong and what to set: exit code 0, or 1 for findings')
    .argument('[URL]', 'what clients here are given as the issuer (default: the provider that these settings start)')
    .option('--ca <FILE>', 'trust also the certificates of this PEM file')
    .option('--insecure', 'ask also where no known authority vouches for the certificate', false)
    .addOption(new Option('--format <FORMAT>', 'how to say it').choices(['text', 'json']).default('text'))
    .action(async (url: string | undefined, options: DoctorOptions) => doctor(given, url, options))
  return program
}

const HELP = `
Each flag has an environment variable. The command line goes before the
environment, the environment before the file, the file before the defaults.

  oidc-provider-mock                        any client, any user, port 9400
  oidc-provider-mock --config config.yaml   users, clients and flags from a file
  oidc-provider-mock validate config.yaml   only check the file
  oidc-provider-mock doctor URL             why a client can't use that provider`

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
    if (flag.env.endsWith('PORT') && text.startsWith('tcp://')) return []
    return [[flag, [{ source, text }]] as const]
  })
  return new Map([...fromEnvironment, ...given])
}

function readSources(values: Values): Sources {
  const overrides: Override[] = []
  const problems: Problem[] = []
  // What is applied later wins, so the environment comes first, and then the command line, whichever flags they set.
  const given = FLAGS.flatMap((flag) => (values.get(flag) ?? []).map((value) => ({ flag, ...value })))
  const byCommandLine = ({ source }: { source: string }) => source.startsWith('--')
  for (const { flag, source, text } of [
    ...given.filter((value) => !byCommandLine(value)),
    ...given.filter(byCommandLine),
  ]) {
    try {
      overrides.push(...overridesOf(flag, source, text))
    } catch (error) {
      problems.push({ file: source, path: '', message: (error as Error).message })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const last = (env: string) => values.get(FLAGS.find((flag) => flag.env === env)!)?.at(-1)
  const config = last('CONFIG')?.text
  const inline = last('CONFIG_INLINE')
  const user_claims_file = last('USER_CLAIMS_FILE')?.text
  const config_dir = last('CONFIG_DIR')?.text
  return {
    overrides,
    env: process.env,
    ...(config !== undefined && { config }),
    ...(inline !== undefined && { config_text: { name: inline.source, text: inline.text } }),
    ...(user_claims_file !== undefined && { user_claims_file }),
    ...(config_dir !== undefined && { config_dir }),
    poll: readWatch(last('WATCH')?.text ?? 'events') === 'poll',
  }
}

async function serve(sources: Sources): Promise<void> {
  let provider: Running | undefined
  const stop = () => {
    if (provider === undefined) process.exit(0)
    // A second signal doesn't wait for anyone.
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    void provider.close()
  }
  // Before anything else: the system keeps signals from a container's first process until it asks for them.
  process.once('SIGINT', stop).once('SIGTERM', stop)
  provider = await createProvider(sources, process.stdout)
  process.on('SIGHUP', () => void provider.reload())
}

/** Says how the provider is with the exit codes that Docker knows, which 2 is not among. */
async function healthcheck(given: Values): Promise<void> {
  try {
    /* c8 ignore next -- only systems without /proc */
    const first = await readFile('/proc/1/cmdline', 'utf8').catch(() => '')
    const theirs = readFlags(argumentsOfServer(first, process.argv[1]!))
    const server = await loadServer(readSources(withEnvironment(new Map([...theirs, ...given]), process.env)))
    await checkHealth(server)
    process.stdout.write(`${healthUrl(server)} is well\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}

interface DoctorOptions {
  readonly ca?: string
  readonly insecure: boolean
  readonly format: string
}

async function doctor(given: Values, url: string | undefined, { ca, insecure, format }: DoctorOptions): Promise<void> {
  const asked = url ?? askedUrl(await loadServer(readSources(withEnvironment(given, process.env))))
  if (!isHttpUrl(asked)) {
    throw new ConfigError([{ file: 'URL', path: '', message: `must be an http or https URL, but is "${asked}"` }])
  }
  const trusted = ca === undefined ? {} : { ca: await readAuthority(ca) }
  const diagnosis = await diagnose(asked, { insecure, ...trusted })
  process.stdout.write(format === 'json' ? `${JSON.stringify(diagnosis, null, 2)}\n` : formatDiagnosis(diagnosis))
  process.exitCode = diagnosis.healthy ? 0 : 1
}

async function readAuthority(file: string): Promise<string> {
  const text = await readText(file).catch(({ message }: Error) => {
    throw new ConfigError([{ file: '--ca', path: '', message: `names ${file}, which ${message}` }])
  })
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new ConfigError([{ file: '--ca', path: '', message: `names ${file}, which has no certificate in PEM` }])
}

/** The flags among the arguments of another process. */
function readFlags(argv: readonly string[]): Values {
  const given = new Map<Flag, { source: string; text: string }[]>()
  const command = new Command().allowExcessArguments().exitOverride()
  for (const flag of FLAGS) command.addOption(optionOf(flag, given))
  command.parse(
    argv.filter((argument) => argument !== '--'),
    { from: 'user' },
  )
  return given
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
    formatProblem(scalars.includes(problem.file) && problem.line === undefined ? { ...problem, path: '' } : problem),
  )
  return [...new Set(lines)].join('\n')
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
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

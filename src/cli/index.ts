#!/usr/bin/env node
/** The command line: starts a provider from arguments and environment, or prints one clear error. */
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

/** Exit code for a wrong flag, file or port. */
const MISUSE = 2

type Values = ReadonlyMap<Flag, readonly { readonly source: string; readonly text: string }[]>

async function main(argv: readonly string[]): Promise<void> {
  const given = new Map<Flag, { source: string; text: string }[]>()
  const program = createProgram(given)
  // The reference is used as `docker run IMAGE -- --require-nonce`, so `--` is ignored.
  await program.parseAsync(
    argv.filter((argument) => argument !== '--'),
    { from: 'user' },
  )
}

function createProgram(given: Map<Flag, { source: string; text: string }[]>): Command {
  const program = new Command('oidc-provider-mock')
    .description('A mock OpenID Provider for developing and testing sign-in.')
    .version(readVersion(), '-V, --version')
    .helpOption('-h, --help', 'show this message and exit')
    .helpCommand(false)
    .configureHelp({ optionDescription: (option) => option.description })
    .allowExcessArguments()
    .exitOverride()
    .showHelpAfterError('(run with --help to list all flags)')
  for (const flag of FLAGS) program.addOption(optionOf(flag, given))
  program.addHelpText('after', HELP)
  program.action(async () => {
    const [stray] = program.args
    if (stray !== undefined)
      program.error(`error: unknown command '${stray}'; to use it as a configuration file, write --config ${stray}`)
    await serve(readSources(withEnvironment(given, process.env)))
  })
  program
    .command('validate')
    .description('check configuration files without starting the provider; exit code 0 if valid, 2 otherwise')
    .argument('<FILE...>', 'configuration files or lists of user claims')
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (files: string[], { format }: { format: string }) => validate(files, format))
  program
    .command('healthcheck')
    .description('check the health of the provider that runs with these settings; exit code 0 if healthy, 1 otherwise')
    .action(async () => healthcheck(given))
  program
    .command('doctor')
    .description(
      'check a running provider as a client on this machine sees it; exit code 0 if all is well, 1 for findings',
    )
    .argument('[URL]', 'issuer URL as configured in clients (default: the provider that runs with these settings)')
    .option('--ca <FILE>', 'PEM file with additional trusted certificates')
    .option('--insecure', 'accept certificates of unknown authorities', false)
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (url: string | undefined, options: DoctorOptions) => doctor(given, url, options))
  return program
}

const HELP = `
Each flag has an environment variable. Precedence: command line, environment,
configuration file, default.

  oidc-provider-mock                        accept any client and any user on port 9400
  oidc-provider-mock --config config.yaml   read users, clients and options from a file
  oidc-provider-mock validate config.yaml   check the file and exit
  oidc-provider-mock doctor URL             find out why a client cannot use that provider`

function optionOf(flag: Flag, given: Map<Flag, { source: string; text: string }[]>): Option {
  // A boolean flag without a value is true.
  const option = new Option(`${flag.names} ${flag.value}`, `${flag.description} [${variableOf(flag)}]`).preset('true')
  return option.argParser((text: string) => {
    given.set(flag, [...(given.get(flag) ?? []), { source: nameOf(flag), text }])
  })
}

/** Adds the values of environment variables for all flags that are not on the command line. */
function withEnvironment(given: Values, env: NodeJS.ProcessEnv): Values {
  const fromEnvironment = FLAGS.flatMap((flag) => {
    const source = variableOf(flag)
    const text = env[source]
    if (text === undefined || text === '' || given.has(flag)) return []
    // Kubernetes sets a variable of this name in pods next to a Service named oidc-provider-mock; it is no port number.
    if (flag.env.endsWith('PORT') && text.startsWith('tcp://')) return []
    return [[flag, [{ source, text }]] as const]
  })
  return new Map([...fromEnvironment, ...given])
}

function readSources(values: Values): Sources {
  const overrides: Override[] = []
  const problems: Problem[] = []
  // Later overrides win, so the environment is applied before the command line.
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
    // A second signal ends the process at once.
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    void provider.close()
  }
  // Set before anything else: the kernel delivers signals to the first process of a container only if it has handlers.
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const starting = createProvider(sources, process.stdout)
  // A SIGHUP during the start reloads right after it.
  process.on('SIGHUP', () => void starting.then((started) => started.reload()))
  provider = await starting
}

/** Reports the health with the exit codes of a Docker HEALTHCHECK: 0 and 1; 2 is reserved. */
async function healthcheck(given: Values): Promise<void> {
  try {
    /* c8 ignore next -- only systems without /proc */
    const first = await readFile('/proc/1/cmdline', 'utf8').catch(() => '')
    const theirs = readFlags(argumentsOfServer(first, process.argv[1]!))
    const server = await loadServer(readSources(withEnvironment(new Map([...theirs, ...given]), process.env)))
    await checkHealth(server)
    process.stdout.write(`${healthUrl(server)} is healthy\n`)
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
    throw new ConfigError([{ file: 'URL', path: '', message: `is "${asked}", expected an http or https URL` }])
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

/** Reads the flags among the arguments of another process. */
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

/** Formats each problem as one line. The place is the flag alone, unless its value is JSON. */
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
    // Commander has printed the message already; --help and --version end here as well, with code 0.
    process.exitCode = error.exitCode === 0 ? 0 : MISUSE
    /* c8 ignore start: only a defect of the program leads here. */
  } else {
    throw error
  }
  /* c8 ignore stop */
}

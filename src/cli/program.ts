/** The command line: subcommands, help, and one clear message for each mistake. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Command, CommanderError, Option } from 'commander'
import { ConfigError, formatProblem, type Problem } from '../config/errors.js'
import { loadServer, type Sources } from '../config/load.js'
import { readText } from '../config/read.js'
import { count, show } from '../config/show.js'
import { type Validation, validateFile } from '../config/validate.js'
import { askedUrl, diagnose, formatDiagnosis } from '../doctor/doctor.js'
import { isHttpUrl } from '../doctor/hosts.js'
import { ListenError } from '../provider.js'
import { FLAGS, nameOf, variableOf } from './flags.js'
import { argumentsOfServer, checkHealth, healthUrl } from './healthcheck.js'
import { addFlags, readFlags, readSettings, type Values, withoutSeparators } from './settings.js'

/** Exit code for a wrong flag, file or port. */
const MISUSE = 2

/** The parts of a process that the command line uses. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  /** Starts a provider that runs until the process gets a signal. */
  serve(sources: Sources): Promise<void>
}

/** Runs the command line and returns the exit code. */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<number> {
  let code = 0
  try {
    const program = createProgram(context, (ended) => (code = ended))
    await program.parseAsync(withoutSeparators(argv), { from: 'user' })
    return code
  } catch (error) {
    // Commander has printed the message already; --help and --version end here as well, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSE
    if (!(error instanceof ConfigError || error instanceof ListenError)) throw error
    context.stderr.write(`${error instanceof ConfigError ? describeProblems(error.problems) : error.message}\n`)
    return MISUSE
  }
}

function createProgram(context: CommandContext, end: (code: number) => void): Command {
  const program = new Command('oidc-provider-mock')
    .description('A mock OpenID Provider for developing and testing sign-in.')
    .version(readVersion(), '-V, --version')
    .helpOption('-h, --help', 'show this message and exit')
    .helpCommand(false)
    .configureHelp({ optionDescription: (option) => option.description })
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError('(run with --help to list all flags)')
  const given = addFlags(program)
  program.addHelpText('after', HELP)
  program.action(async () => {
    const [stray] = program.args
    if (stray !== undefined)
      program.error(`error: unknown command '${stray}'; to use it as a configuration file, write --config ${stray}`)
    await context.serve(readSettings(given, context.env))
  })
  program
    .command('validate')
    .description('check configuration files without starting the provider; exit code 0 if valid, 2 otherwise')
    .argument('<FILE...>', 'configuration files or lists of user claims')
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (files: string[], { format }: { format: string }) => end(await validate(files, format, context)))
  program
    .command('healthcheck')
    .description('check the health of the provider that runs with these settings; exit code 0 if healthy, 1 otherwise')
    .action(async () => end(await healthcheck(given, context)))
  program
    .command('doctor')
    .description(
      'check a running provider as a client on this machine sees it; exit code 0 if all is well, 1 for findings',
    )
    .argument('[URL]', 'issuer URL as configured in clients (default: the provider that runs with these settings)')
    .option('--ca <FILE>', 'PEM file with additional trusted certificates')
    .option('--insecure', 'accept certificates of unknown authorities', false)
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (url: string | undefined, options: DoctorOptions) => end(await doctor(given, url, options, context)))
  return program
}

const HELP = `
Each flag has an environment variable. Precedence: command line, environment,
configuration file, default.

  oidc-provider-mock                        accept any client and any user on port 9400
  oidc-provider-mock --config config.yaml   read users, clients and options from a file
  oidc-provider-mock validate config.yaml   check the file and exit
  oidc-provider-mock doctor URL             find out why a client cannot use that provider`

/** Reports the health with the exit codes of a Docker HEALTHCHECK: 0 and 1; 2 is reserved. */
async function healthcheck(given: Values, { env, stdout, stderr }: CommandContext): Promise<number> {
  try {
    /* c8 ignore next -- only systems without /proc */
    const first = await readFile('/proc/1/cmdline', 'utf8').catch(() => '')
    const theirs = readFlags(argumentsOfServer(first, process.argv[1]!))
    const server = await loadServer(readSettings(new Map([...theirs, ...given]), env))
    await checkHealth(server)
    stdout.write(`${healthUrl(server)} is healthy\n`)
    return 0
  } catch (error) {
    stderr.write(`${(error as Error).message}\n`)
    return 1
  }
}

interface DoctorOptions {
  readonly ca?: string
  readonly insecure: boolean
  readonly format: string
}

async function doctor(
  given: Values,
  url: string | undefined,
  { ca, insecure, format }: DoctorOptions,
  { env, stdout }: CommandContext,
): Promise<number> {
  const asked = url ?? askedUrl(await loadServer(readSettings(given, env)))
  if (!isHttpUrl(asked) || new URL(asked).username + new URL(asked).password !== '') {
    const message = `is ${show(asked, false, '')}, expected an http or https URL without user information`
    throw new ConfigError([{ file: 'URL', path: '', message }])
  }
  const trusted = ca === undefined ? {} : { ca: await readAuthority(ca) }
  const diagnosis = await diagnose(asked, { insecure, ...trusted })
  stdout.write(format === 'json' ? `${JSON.stringify(diagnosis, null, 2)}\n` : formatDiagnosis(diagnosis))
  return diagnosis.healthy ? 0 : 1
}

async function readAuthority(file: string): Promise<string> {
  const text = await readText(file).catch(({ message }: Error) => {
    throw new ConfigError([{ file: '--ca', path: '', message: `names ${file}, which ${message}` }])
  })
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new ConfigError([{ file: '--ca', path: '', message: `names ${file}, which has no certificate in PEM` }])
}

async function validate(files: readonly string[], format: string, { env, stdout }: CommandContext): Promise<number> {
  const results = []
  for (const file of files) results.push({ file, ...(await validateFile(file, env)) })
  const valid = results.every(({ problems }) => problems.length === 0)
  if (format === 'json') {
    stdout.write(`${JSON.stringify({ valid, files: results }, null, 2)}\n`)
  } else {
    stdout.write(`${results.flatMap(describeValidation).join('\n')}\n`)
  }
  return valid ? 0 : MISUSE
}

/** Returns the lines for a file: its problems, or its warnings and that it is valid. */
function describeValidation({ file, problems, warnings }: Validation & { readonly file: string }): string[] {
  if (problems.length > 0) return problems.map(formatProblem)
  const found = warnings.length === 0 ? '' : `, with ${count(warnings.length, 'warning')}`
  return [...warnings.map((warning) => `${formatProblem(warning)} (warning)`), `${file}: valid${found}`]
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

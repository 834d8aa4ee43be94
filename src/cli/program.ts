/** The command line: subcommands, help, and one clear message for each mistake. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Argument, Command, CommanderError, Option } from 'commander'
import { ConfigError, formatProblem, type Problem } from '../config/errors.js'
import { loadServer, type Sources } from '../config/load.js'
import { readText } from '../config/read.js'
import { count, show } from '../config/show.js'
import { suggest } from '../config/suggest.js'
import { type Validation, validateFile, validateText } from '../config/validate.js'
import { askedUrl, diagnose, formatDiagnosis } from '../doctor/doctor.js'
import { isHttpUrl } from '../doctor/hosts.js'
import { ListenError } from '../provider.js'
import { completionScript, SHELLS } from './completion.js'
import { FLAGS, nameOf, variableOf } from './flags.js'
import { argumentsOfServer, checkHealth, healthUrl } from './healthcheck.js'
import { configureOutput, formatEpilog, formatError, type Output } from './help.js'
import { DASH, type Input, readInput, STDIN, withInput, withoutInput } from './input.js'
import { addFlags, readFlags, readSettings, type Values, withoutSeparators } from './settings.js'

/** Exit code for a wrong flag, file or port. */
const MISUSE = 2

/** The parts of a process that the command line uses. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
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
    const text = error instanceof ConfigError ? describeProblems(error.problems) : error.message
    context.stderr.write(`${formatError(text, context.stderr, context.env)}\n`)
    return MISUSE
  }
}

function createProgram(context: CommandContext, end: (code: number) => void): Command {
  const { env, stdin, stdout, stderr } = context
  const program = configureOutput(new Command('oidc-provider-mock'), stdout, stderr, env)
    .description('A mock OpenID Provider for developing and testing sign-in.')
    .helpCommand(false)
    .allowExcessArguments()
    .exitOverride()
    .showHelpAfterError('(run with --help to list all flags)')
  const given = addFlags(program)
  program.optionsGroup('Help:').helpOption('-h, --help', 'show this message and exit')
  program.version(readVersion(), '-V, --version', 'print the version and exit')
  program.addHelpText('after', () => formatEpilog(program, PRECEDENCE, EXAMPLES))
  program.action(async () => {
    const [stray] = program.args
    if (stray !== undefined) program.error(`error: unknown command '${stray}'; ${explainStray(stray, program)}`)
    await context.serve(await withInput(readSettings(given, env), stdin, stderr))
  })
  program
    .command('validate')
    .description('check configuration files without starting the provider; exit code 0 if valid, 2 otherwise')
    .argument('<FILE...>', 'configuration files or lists of user claims; - reads standard input')
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
  program
    .command('completion')
    .description('print a script by which a shell completes the command line')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => void stdout.write(completionScript(shell, program)))
  return program
}

/** Returns advice for a word that is no command. */
function explainStray(word: string, { commands }: Command): string {
  const names = commands.map((command) => command.name())
  const near = word === 'help' ? '--help' : suggest(word, names)
  if (near !== undefined) return `did you mean ${near}?`
  if (/[./\\]/.test(word) || existsSync(word)) return `to use it as a configuration file, write --config ${word}`
  return `expected one of ${names.join(', ')}, or no command to start the provider`
}

const PRECEDENCE =
  'Each flag has an environment variable, shown in brackets. Precedence: command line, environment, configuration file, default.'

const EXAMPLES = [
  ['oidc-provider-mock', 'accept any client and any user on port 9400'],
  ['oidc-provider-mock --config config.yaml', 'read users, clients and options from a file'],
  ['oidc-provider-mock --config - <config.yaml', 'read them from standard input'],
  ['oidc-provider-mock validate config.yaml', 'check the file and exit'],
  ['oidc-provider-mock doctor URL', 'find out why a client cannot use that provider'],
] as const

/** Reports the health with the exit codes of a Docker HEALTHCHECK: 0 and 1; 2 is reserved. */
async function healthcheck(given: Values, { env, stdout, stderr }: CommandContext): Promise<number> {
  try {
    /* c8 ignore next -- only systems without /proc */
    const first = await readFile('/proc/1/cmdline', 'utf8').catch(() => '')
    const theirs = readFlags(argumentsOfServer(first, process.argv[1]!))
    const server = await loadServer(withoutInput(readSettings(new Map([...theirs, ...given]), env)))
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
  { env, stdin, stdout, stderr }: CommandContext,
): Promise<number> {
  const asked = url ?? askedUrl(await loadServer(await withInput(readSettings(given, env), stdin, stderr)))
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

async function validate(names: readonly string[], format: string, context: CommandContext): Promise<number> {
  const { env, stdin, stdout, stderr } = context
  const results = []
  // Standard input can be read once.
  const text = names.includes(DASH) ? await readInput(stdin, stderr) : ''
  for (const name of names) {
    const piped = name === DASH
    const validation = await (piped ? validateText(STDIN, text, env) : validateFile(name, env))
    results.push({ file: piped ? STDIN : name, ...validation })
  }
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

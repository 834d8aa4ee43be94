/** The command in a process of its own, and its command line in this process, which is faster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import type { Test } from 'tap'
import { type CommandContext, runProgram } from '../../src/cli/program.js'
import type { Sources } from '../../src/config/load.js'
import { createProvider } from '../../src/provider.js'
import { collectLines, type Lines } from '../log_lines.js'
import { PROGRAM } from '../root.js'
import { createStore } from '../store/create.js'

type Environment = Readonly<Record<string, string>>

/** The end of the command and its output. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running provider. */
export interface Serving {
  /** URL of its main port; also the issuer unless the settings name another. */
  readonly issuer: string
  /** Resolves with the first line on stdout that matches, written before or after the call. */
  line(pattern: RegExp): Promise<string>
  /** Stops the provider. */
  end(): Promise<Ended>
}

/** A running provider in a process of its own. */
export interface ServingProcess extends Omit<Serving, 'end'> {
  readonly pid: number
  /** Sends the signals and resolves when the process has ended. */
  end(...signals: NodeJS.Signals[]): Promise<Ended & { readonly signal: NodeJS.Signals | null }>
}

/** Standard input and the properties of a terminal. */
export interface Terminal {
  readonly stdin?: CommandContext['stdin']
  readonly isTTY?: boolean
  readonly columns?: number
}

const withTerminal = ({ stdin = Readable.from([]), ...outputs }: Terminal, stdout: Lines, stderr: Lines) => ({
  stdin,
  stdout: Object.assign(stdout.stream, outputs),
  stderr: Object.assign(stderr.stream, outputs),
})

/** Runs the command line in this process until it ends by itself. */
export async function run(args: readonly string[], env: Environment = {}, terminal: Terminal = {}): Promise<Ended> {
  const [stdout, stderr] = [collectLines(), collectLines()]
  const serve = async (sources: Sources) => {
    const provider = await createProvider(sources, stdout.stream, createStore)
    await provider.close()
    throw new Error('the command started a provider, expected it to end by itself')
  }
  const code = await runProgram(args, { env, ...withTerminal(terminal, stdout, stderr), serve })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** Starts a provider in this process by the command line. Its port is free unless the settings name one. */
export async function serve(
  t: Test,
  args: readonly string[] = [],
  env: Environment = {},
  terminal: Terminal = {},
): Promise<Serving> {
  const stdout = collectLines()
  const stderr = collectLines()
  let close = async () => {}
  const code = await runProgram(withPort(args, env), {
    env,
    ...withTerminal(terminal, stdout, stderr),
    serve: async (sources) => {
      const provider = await createProvider(sources, stdout.stream, createStore)
      close = () => provider.close()
      t.teardown(close)
    },
  })
  if (code !== 0) throw new Error(`ended with ${code}:\n${stderr.text()}`)
  const line = (pattern: RegExp) => stdout.nth(1, (each) => pattern.test(each))
  const end = async () => {
    await close()
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  }
  return { issuer: issuerIn(await line(LISTENING)), line, end }
}

/** Runs the command in a process until it ends by itself. */
export function runProcess(t: Test, args: readonly string[], env: Environment = {}) {
  return observe(start(t, args, env)).ended
}

/**
 * Starts a provider in a process, which ends with the test. Its port is free unless the settings name one.
 * @param open_files number of files that the process may open.
 */
export async function serveProcess(
  t: Test,
  args: readonly string[] = [],
  env: Environment = {},
  open_files?: number,
): Promise<ServingProcess> {
  const child = start(t, withPort(args, env), env, open_files)
  const { ended, line } = observe(child)
  const end: ServingProcess['end'] = (...signals) => {
    for (const signal of signals) child.kill(signal)
    return ended
  }
  return { issuer: issuerIn(await line(LISTENING)), pid: child.pid!, line, end }
}

const LISTENING = /listening on (https?:\/\/[^\s",]+)/
const issuerIn = (line: string) => LISTENING.exec(line)![1]!

function withPort(args: readonly string[], env: Environment): readonly string[] {
  const named = env.OIDC_PROVIDER_MOCK_PORT !== undefined || args.some((arg) => arg.startsWith('--port'))
  return named ? args : ['--port', '0', ...args]
}

function start(t: Test, args: readonly string[], env: Environment, open_files?: number): ChildProcess {
  // The child inherits the other variables, by which its coverage is measured.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OIDC_PROVIDER_MOCK_'))
  const command = [process.execPath, PROGRAM, ...args]
  const limited = ['bash', '-c', `ulimit -n ${open_files}; exec "$0" "$@"`, ...command]
  const [program = '', ...rest] = open_files === undefined ? command : limited
  const child = spawn(program, rest, {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWith(t, child)
  return child
}

/** Ends a child process with the test: by SIGTERM, which lets it write its coverage, and if need be by SIGKILL. */
export function endWith(t: Test, child: ChildProcess): void {
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    await closed
    clearTimeout(timer)
  })
}

function observe(child: ChildProcess) {
  const [stdout, stderr] = [collectLines(), collectLines()]
  child.stdout!.pipe(stdout.stream)
  child.stderr!.pipe(stderr.stream)
  type Result = Awaited<ReturnType<ServingProcess['end']>>
  const ended = new Promise<Result>((resolve, reject) => {
    child
      .on('error', reject)
      .on('close', (code, signal) => resolve({ code, signal, stdout: stdout.text(), stderr: stderr.text() }))
  })
  const line = (pattern: RegExp) =>
    Promise.race([
      stdout.nth(1, (each) => pattern.test(each)),
      ended.then(({ code, stdout, stderr }) => {
        throw new Error(`ended with ${code} before a line matched ${pattern}:\n${stdout}${stderr}`)
      }),
    ])
  return { ended, line }
}

/** The line after a mistake on the command line. */
export const SEE_HELP = '(run with --help to list all flags)'

/** Checks that the command printed only these lines, on stderr, and ended with code 2. */
export function refused(t: Test, ended: Ended, lines: readonly (string | RegExp)[]): void {
  t.equal(ended.code, 2)
  t.equal(ended.stdout, '')
  const said = ended.stderr.split('\n')
  t.equal(said.pop(), '', 'the last line ends')
  t.equal(said.length, lines.length, ended.stderr)
  for (const [index, line] of lines.entries()) {
    if (typeof line === 'string') t.equal(said[index], line)
    else t.match(said[index], line)
  }
}

/** The built program as a child process. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Test } from 'tap'
import { PROGRAM } from '../root.js'

type Environment = Readonly<Record<string, string>>

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process that serves. */
export interface Serving {
  /** Where it listens, as the line that says so names it: the issuer, too, unless another one is set. */
  readonly issuer: string
  readonly pid: number
  /** The first line on stdout, be it there already or still to come, that matches. */
  line(pattern: RegExp): Promise<string>
  /** Every line on stdout until now. */
  lines(): string[]
  /** Sends the signals and resolves when the process has ended. */
  end(...signals: NodeJS.Signals[]): Promise<Ended>
}

/** Runs the program until it ends by itself. */
export function run(args: readonly string[], env: Environment = {}): Promise<Ended> {
  return observe(start(args, env)).ended
}

/** Runs the program until it listens; it is stopped after the test. The port is free unless the arguments name one. */
export async function serve(t: Test, args: readonly string[] = [], env: Environment = {}): Promise<Serving> {
  const named = env.OIDC_PROVIDER_MOCK_PORT !== undefined || args.some((arg) => arg.startsWith('--port'))
  const child = start(named ? args : ['--port', '0', ...args], env)
  const { ended, line, lines } = observe(child)
  const end = (...signals: NodeJS.Signals[]) => {
    for (const signal of signals) child.kill(signal)
    return ended
  }
  t.teardown(() => end('SIGTERM'))
  const [, issuer = ''] = /listening on (https?:\/\/[^\s",]+)/.exec(await line(/listening on/)) ?? []
  return { issuer, pid: child.pid!, line, lines, end }
}

function start(args: readonly string[], env: Environment): ChildProcess {
  // The rest of the environment is handed on: by it the coverage of the child is measured, too.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OIDC_PROVIDER_MOCK_'))
  return spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function observe(child: ChildProcess) {
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of waiting) look()
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  const lines = () => stdout.split('\n').slice(0, -1)
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines().find((each) => pattern.test(each))
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
      ended.then(
        ({ code }) => reject(new Error(`ended with ${code} before a line matched ${pattern}:\n${stdout}${stderr}`)),
        reject,
      )
    })
  return { ended, line, lines }
}

/** What follows where the command line itself is wrong. */
export const SEE_HELP = '(run with --help to list all flags)'

/** Nothing but these lines, on stderr, and an exit code that says so. */
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

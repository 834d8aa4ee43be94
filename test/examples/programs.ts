/** Serves the files of the examples and runs other programs that validate them. */
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { startProvider } from '../../src/index.js'
import { ROOT } from '../root.js'

/** Reads a YAML file of the project. */
export const readYaml = <T>(...path: string[]) => parse(readFileSync(join(ROOT, ...path), 'utf8')) as T

/** Serves a folder with `config.yaml` and `users.yaml` and returns the URL on this machine. */
export async function serveFolder(t: Test, folder: string): Promise<string> {
  const port = await findFreePort()
  const provider = await startProvider({
    port,
    config_file: join(folder, 'config.yaml'),
    user_claims_file: join(folder, 'users.yaml'),
    log: { level: 'error' },
  })
  t.teardown(() => provider.close())
  return `http://127.0.0.1:${port}`
}

/** Returns the reason to skip a test that needs these programs, or false. */
export function missing(...programs: string[]): string | false {
  const absent = programs.filter((program) => !isThere(program))
  return absent.length > 0 && `${absent.join(' and ')} not found; test/install_validators.sh installs what can be had`
}

/** Runs another program until it ends, by default in the project's folder. */
export function execute(
  program: string,
  args: readonly string[],
  { input = '', env = {}, cwd = ROOT }: { input?: string; env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<{ code: number | null; stdout: string; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env } })
    let stdout = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      said += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, said }))
    // A program that does not read its input may end before it is written.
    child.stdin.on('error', () => undefined).end(input)
  })
}

/** Checks that a program ended with 0. Its output is the title of a failure. */
export function accepts(t: Test, { code, said }: { code: number | null; said: string }): void {
  t.equal(code, 0, code === 0 ? 'it accepts' : said)
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

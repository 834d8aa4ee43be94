/** Runs the snippets of the documentation as a reader does, in a folder with the files that they need. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import ts from 'typescript'
import type { Ended } from '../cli/program.js'
import { PROGRAM, ROOT } from '../root.js'
import type { Block } from './markdown.js'

/** URLs of the provider on the pages: on one machine and among containers. */
const DOCUMENTED = /http:\/\/(localhost|op):9400/g

/** A folder with the command on the path, and the URL of the provider that the snippets talk to. */
export interface Bench {
  readonly folder: string
  readonly issuer: string
}

/** Puts the command into the folder, where `execute` finds it. */
export function installCommand(folder: string): void {
  const command = join(folder, 'oidc-provider-mock')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(command, 0o755)
}

/** Runs a command in the folder until it ends. */
export function execute({ folder }: Bench, command: string, args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` }
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  return Promise.all([
    new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.on('error', reject).on('close', (code, signal) => resolve({ code, signal }))
    }),
    text(child.stdout),
    text(child.stderr),
  ]).then(([end, stdout, stderr]) => ({ ...end, stdout, stderr }))
}

/** Runs lines of shell. */
export function executeShell(bench: Bench, lines: string): Promise<Ended> {
  return execute(bench, 'bash', ['-euo', 'pipefail', '-c', aimed(bench, lines)])
}

/** The block with the URL of the real provider. */
export function aimed({ issuer }: Bench, snippet: string): string {
  return snippet.replaceAll(DOCUMENTED, issuer)
}

/** Writes the block as a module that Node can run, and returns its file. */
export function writeModule(bench: Bench, { language, text, page, line }: Block): string {
  const file = join(bench.folder, `${page.replaceAll(/\W/g, '_')}_${line}.js`)
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const source = language === 'ts' ? ts.transpileModule(text, { compilerOptions: options }).outputText : text
  writeFileSync(file, aimed(bench, source))
  return file
}

/** Returns the messages of the compiler about the TypeScript blocks, each in a file of the folder. */
export function typeProblems({ folder }: Bench, blocks: readonly Block[]): string[] {
  const files = blocks.map(({ page, line, text }) => {
    const file = join(folder, `${page.replaceAll(/\W/g, '_')}_${line}.ts`)
    // Users import the test package; this project has only the library below it, with the same types.
    writeFileSync(file, text.replace('@playwright/test', 'playwright-core'))
    return file
  })
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    noUnusedLocals: true,
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** Returns the expected output of `console.log(…) // text` lines as patterns, in which `…` is any text. */
export function promisedOutput({ text }: Block): RegExp[] {
  return [...text.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, promise = '']) => {
    const parts = promise.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`, 'm')
  })
}

/** The commands of a console block, each with the output that the block shows. */
export function readConsole({ text }: Block): { command: string; output: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((entry) => {
      const end = entry.indexOf('\n')
      return { command: entry.slice(0, end), output: entry.slice(end + 1) }
    })
}

/** Writes the file that `cat FILE` shows in a console block. */
export function layOut({ folder }: Bench, { command, output }: { command: string; output: string }): void {
  const [, name] = /^cat ([\w.-]+)$/.exec(command) ?? []
  if (name !== undefined && !existsSync(join(folder, name))) writeFileSync(join(folder, name), output)
}

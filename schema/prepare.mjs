// Builds `dist/` for installations from git, such as those of pre-commit, and for the packed package. Run by npm.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'

try {
  createRequire(import.meta.url).resolve('typescript/bin/tsc')
} catch {
  // `npm ci --omit=dev` installs no compiler.
  const options = ['--global=false', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  const cwd = join(import.meta.dirname, '..')
  execFileSync(process.execPath, [process.env.npm_execpath, 'ci', ...options], { cwd, stdio: 'inherit' })
}
await import('./build.mjs')

// Builds `dist/`: compiles the sources and puts the templates, which the compiler leaves behind, beside them.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

execFileSync(process.execPath, [join(ROOT, 'schema/generate.mjs')], { stdio: 'inherit' })
rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', ROOT], { stdio: 'inherit' })
cpSync(join(ROOT, 'src/pages'), join(ROOT, 'dist/pages'), { recursive: true, filter: (file) => !file.endsWith('.ts') })
chmodSync(join(ROOT, 'dist/cli/index.js'), 0o755)

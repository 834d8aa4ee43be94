// Builds the package into an empty `dist/`: the modules, the templates and the declarations.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildModules } from './build_modules.mjs'

const ROOT = join(import.meta.dirname, '..')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
await buildModules()
execFileSync(process.execPath, [tsc, '-p', ROOT, '--emitDeclarationOnly'], { stdio: 'inherit' })

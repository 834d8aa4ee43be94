// Builds what is not current of the package in `dist/`: the modules, the templates and the declarations.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildModules } from './build_modules.mjs'
import { lacksDeclarations } from './transpile.mjs'

const ROOT = join(import.meta.dirname, '..')

await buildModules()
if (lacksDeclarations('src', 'dist')) {
  console.error('building dist: declarations')
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', ROOT, '--emitDeclarationOnly'], { stdio: 'inherit' })
}

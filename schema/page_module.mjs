// Bundles `src/pages/check_session.mjs` with the packages that it imports into a script for browsers, as a TypeScript module.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
/** Packages that are installed for development only and whose code is in the built package. */
export const BUNDLED = ['js-sha256']

/** Files that the script consists of. */
export const PAGE_MODULE_FILES = [
  import.meta.filename,
  join(ROOT, 'src/pages/check_session.mjs'),
  ...BUNDLED.map((name) => join(ROOT, 'node_modules', name, 'package.json')),
]

export async function writePageModule() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/pages/check_session.mjs'],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    // The syntax of the oldest and of scripted browsers: the build fails if a package has a newer one.
    target: 'es5',
    logLevel: 'warning',
  })
  const script = outputFiles[0].text.trim()
  return `${BUNDLED.map(describeLicense).join('\n')}\nexport const CHECK_SESSION: string =\n  ${JSON.stringify(script)}\n`
}

/** Returns the license of a package as a comment that stays in the built package, since it must accompany the code. */
function describeLicense(name) {
  const folder = join(ROOT, 'node_modules', name)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const text = readFileSync(join(folder, 'LICENSE.txt'), 'utf8').trim()
  return `/*! The script contains ${name} ${version}.\n\n${text}\n*/`
}

// Transpiles TypeScript to JavaScript file by file, with source maps. `tsc` checks the types and writes the declarations.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
/** Files whose change makes every output outdated. */
const SETTINGS = [import.meta.filename, join(ROOT, 'tsconfig.json'), join(ROOT, 'package.json')]

/**
 * Transpiles the modules of the folder `from` into the folder `to` and copies the files that `isAsset` accepts.
 * Writes only the files whose source is newer, removes the outputs without a source, and prints a line if it writes.
 */
export async function transpile(from, to, isAsset = () => false) {
  const sources = list(from).filter((file) => file.endsWith('.ts') || isAsset(file))
  const kept = new Set(sources.map(stem))
  for (const file of list(to)) if (!kept.has(stem(file))) rmSync(join(ROOT, to, file))

  const outdated = findOutdated(from, to, sources, '.js')
  if (outdated.length === 0) return
  console.error(`building ${to}: ${outdated.length} of ${sources.length} files of ${from} have changed`)
  const modules = outdated.filter((file) => file.endsWith('.ts'))
  await build({
    absWorkingDir: ROOT,
    entryPoints: modules.map((file) => join(from, file)),
    outbase: from,
    outdir: to,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  })
  for (const file of outdated.filter((file) => !file.endsWith('.ts'))) {
    mkdirSync(dirname(join(ROOT, to, file)), { recursive: true })
    copyFileSync(join(ROOT, from, file), join(ROOT, to, file))
  }
}

/** Tells whether the folder `to` lacks the declarations of a module of the folder `from`, or has older ones. */
export function lacksDeclarations(from, to) {
  const modules = list(from).filter((file) => file.endsWith('.ts'))
  return findOutdated(from, to, modules, '.d.ts').length > 0
}

/** Returns the sources that are newer than their outputs, which have the extension instead of `.ts`. */
function findOutdated(from, to, sources, extension) {
  const settings = Math.max(...SETTINGS.map(age))
  return sources.filter((file) => {
    const written = age(join(ROOT, to, file.replace(/\.ts$/, extension)))
    return written < settings || written <= age(join(ROOT, from, file))
  })
}

/** Lists the files below a folder of the project. */
function list(folder) {
  if (age(join(ROOT, folder)) === 0) return []
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  const start = join(ROOT, folder).length + 1
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(start))
}

/** Returns the name that a source has in common with its outputs. */
function stem(file) {
  return file.replace(/(\.d\.ts|\.ts|\.js\.map|\.js)$/, '')
}

/** Returns the time of the last change, in milliseconds; 0 if there is no such file. */
function age(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

// Builds the modules of `dist/`, with the templates and the schema for editors beside them, without declarations. Writes only what has changed.
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transpile } from './transpile.mjs'

const ROOT = join(import.meta.dirname, '..')

export async function buildModules() {
  execFileSync(process.execPath, [join(ROOT, 'schema/generate.mjs')], { stdio: 'inherit' })
  await transpile('src', 'dist', (file) => file.startsWith('pages') && !file.endsWith('.mjs'))
  const { createPublishedSchema } = await import(pathToFileURL(join(ROOT, 'dist/config/published.js')).href)
  writeFileSync(join(ROOT, 'dist/config.schema.json'), `${JSON.stringify(createPublishedSchema(), undefined, 2)}\n`)
  chmodSync(join(ROOT, 'dist/cli/index.js'), 0o755)
}

if (process.argv[1] === import.meta.filename) await buildModules()

// Makes the folder that the image holds: the program with all that it depends on in one file, and what it reads beside
// that. The folder is laid out as the package is, so that every file is found from where it is looked for.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
const TARGET = join(ROOT, process.argv[2] ?? 'dist/image')

// Dependencies of the older kind ask for what only their module system has.
const BANNER = `import { createRequire as createBundleRequire } from 'node:module'
const require = createBundleRequire(import.meta.url)
const __filename = import.meta.filename
const __dirname = import.meta.dirname`

execFileSync(process.execPath, [join(ROOT, 'schema/generate.mjs')], { stdio: 'inherit' })
rmSync(TARGET, { recursive: true, force: true })
mkdirSync(join(TARGET, 'schema'), { recursive: true })
const { metafile } = await build({
  absWorkingDir: ROOT,
  metafile: true,
  entryPoints: [join(ROOT, 'src/cli/index.ts')],
  outfile: join(TARGET, 'dist/cli/index.js'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  banner: { js: BANNER },
  // Names and lines stay, so that traces in bug reports can be read.
  minify: false,
  logLevel: 'warning',
})
writeFileSync(join(TARGET, 'LICENSES'), licensesOf(Object.keys(metafile.inputs)))
cpSync(join(ROOT, 'src/pages'), join(TARGET, 'dist/cli'), { recursive: true, filter: (file) => !file.endsWith('.ts') })
cpSync(join(ROOT, 'schema/config.schema.json'), join(TARGET, 'schema/config.schema.json'))
cpSync(join(ROOT, 'schema/presets'), join(TARGET, 'schema/presets'), { recursive: true })
const { name, version, license, type, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const schema = { './config.schema.json': exports['./config.schema.json'] }
writeFileSync(join(TARGET, 'package.json'), `${JSON.stringify({ name, version, license, type, exports: schema })}\n`)

/** The licenses of the packages that the files belong to, which have to go where the packages go. */
function licensesOf(files) {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
    const own = readdirSync(join(ROOT, folder)).find((file) => /^licen[cs]e/i.test(file))
    const text = own === undefined ? '' : `\n${readFileSync(join(ROOT, folder, own), 'utf8').trim()}\n`
    return `${name} ${version}: ${license}\n${text}`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

// Builds the folder of the image: the program with its dependencies in one file, and the files that it reads. The layout
// is that of the package, so that the program finds its files. Usage: node schema/bundle.mjs FOLDER
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { BUNDLED } from './page_module.mjs'
import { createReproducibleSbom } from './sbom.mjs'

const ROOT = join(import.meta.dirname, '..')
const TARGET = resolve(ROOT, process.argv[2])

// CommonJS dependencies use names that ES modules do not define.
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
  // A dependency uses it if it is installed, which it is only for development.
  external: ['supports-color'],
  // Names and lines are kept, so that stack traces in bug reports are readable.
  minify: false,
  logLevel: 'warning',
})
writeFileSync(
  join(TARGET, 'LICENSES'),
  licensesOf([...Object.keys(metafile.inputs), ...BUNDLED.map((name) => `node_modules/${name}`)]),
)
writeFileSync(join(TARGET, 'sbom.cdx.json'), `${JSON.stringify(createReproducibleSbom(), undefined, 2)}\n`)
const isAsset = (file) => !/\.(ts|mjs)$/.test(file)
cpSync(join(ROOT, 'src/pages'), join(TARGET, 'dist/cli'), { recursive: true, filter: isAsset })
cpSync(join(ROOT, 'schema/config.schema.json'), join(TARGET, 'schema/config.schema.json'))
cpSync(join(ROOT, 'schema/users.schema.json'), join(TARGET, 'schema/users.schema.json'))
cpSync(join(ROOT, 'schema/presets'), join(TARGET, 'schema/presets'), { recursive: true })
const { name, version, license, type, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const schema = { './config.schema.json': exports['./config.schema.json'] }
writeFileSync(join(TARGET, 'package.json'), `${JSON.stringify({ name, version, license, type, exports: schema })}\n`)

/** Returns the licenses of the packages of the files, which must accompany them. */
function licensesOf(files) {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(ROOT, folder)).find((file) => /^licen[cs]e/i.test(file))
    // Without a license file, the package declares its license and its author.
    const text =
      file === undefined ? `by ${author?.name ?? author}` : readFileSync(join(ROOT, folder, file), 'utf8').trim()
    return `${name} ${version}: ${license}\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

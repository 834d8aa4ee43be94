/** Licenses and the bill of materials of the packages that are needed at run time, in the package and in the image. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { ROOT } from './root.js'

interface Installed {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
}

/** Permissive licenses: they require their text and the copyright notice to accompany copies. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

interface Sbom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly serialNumber?: string
  readonly metadata: {
    readonly timestamp?: string
    readonly component: { readonly name: string; readonly purl: string }
  }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses: readonly { readonly license: { readonly id: string } }[]
  readonly hashes: readonly { readonly alg: string; readonly content: string }[]
}

const parse = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T
const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })

const OWN = parse<{ name: string; version: string; dependencies: object }>(join(ROOT, 'package.json'))
const LOCK = parse<{ packages: Record<string, Installed> }>(join(ROOT, 'package-lock.json'))
/** Packages for development whose code is in a script of a page. */
const BUNDLED = ['js-sha256']
const isNeeded = ([path, { dev }]: [string, Installed]) =>
  path !== '' && (dev !== true || BUNDLED.some((name) => path === `node_modules/${name}`))
const NEEDED = Object.entries(LOCK.packages).filter(isNeeded)

const idOf = ([path, { version }]: [string, Installed]) => `${path.replace(/^.*node_modules\//, '')}@${version}`
const IDS = [...new Set(NEEDED.map(idOf))].sort()

/** Checks that a bill of materials has every package with version, license, address and hash, and no other. */
function checkSbom(t: Test, sbom: Sbom): void {
  t.match(sbom, { bomFormat: 'CycloneDX', specVersion: /^1\.\d$/ })
  t.match(sbom.metadata.component, { name: OWN.name, purl: `pkg:npm/${OWN.name}@${OWN.version}` })
  t.strictSame(sbom.components.map((one) => one['bom-ref']).sort(), IDS)
  for (const { name, version, purl, licenses, hashes } of sbom.components) {
    t.equal(purl, `pkg:npm/${name.replace('@', '%40')}@${version}`)
    t.match(hashes, [{ alg: 'SHA-512', content: /^[0-9a-f]{128}$/ }], name)
    for (const { license } of licenses) t.ok(ALLOWED.includes(license.id), `${name}: ${license.id}`)
    t.equal(licenses.length, 1, name)
  }
  const [own, ...others] = sbom.dependencies
  t.strictSame(
    own!.dependsOn.map((one) => one.replace(/@[^@]*$/, '')).sort(),
    [...Object.keys(OWN.dependencies), ...BUNDLED].sort(),
  )
  for (const { dependsOn } of others) for (const one of dependsOn) t.ok(IDS.includes(one), one)
}

test('each package that is needed at run time or bundled has an allowed license', async (t) => {
  t.ok(NEEDED.length > Object.keys(OWN.dependencies).length)
  for (const entry of NEEDED) {
    const [path, { license = 'none' }] = entry
    t.ok(ALLOWED.includes(license), `${idOf(entry)}: ${license}`)
    t.equal(parse<Installed>(join(ROOT, path, 'package.json')).license, license, `${path} as installed`)
  }
})

test('npm run sbom prints every package that is needed at run time or bundled', async (t) => {
  const sbom = JSON.parse(execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, encoding: 'utf8' })) as Sbom
  checkSbom(t, sbom)
  t.match(sbom, { serialNumber: /^urn:uuid:/, metadata: { timestamp: /^\d{4}-/ } })
})

test('the folder of the image has a bill of materials and the text of each license', async (t) => {
  // Outside of the repository, since the copy of the program does not count for the coverage.
  const folder = mkdtempSync(join(tmpdir(), 'image-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  node('schema/bundle.mjs', folder)
  const sbom = parse<Sbom>(join(folder, 'sbom.cdx.json'))
  checkSbom(t, sbom)
  t.strictSame([sbom.serialNumber, sbom.metadata.timestamp], [undefined, undefined], 'two builds give the same file')
  const sections = readFileSync(join(folder, 'LICENSES'), 'utf8').split(`\n${'-'.repeat(80)}\n\n`)
  const program = readFileSync(join(folder, 'dist/cli/index.js'), 'utf8')
  const bundled = [...program.matchAll(/^\/\/ .*node_modules\/((?:@[\w-]+\/)?[\w.-]+)\//gm)].map(
    ([, name = '']) => name,
  )
  t.ok(bundled.length > 100)
  for (const name of new Set([...bundled, ...BUNDLED])) {
    const section = sections.find((one) => one.startsWith(`${name} `)) ?? ''
    const [head = '', ...text] = section.split('\n\n')
    t.ok(IDS.includes(head.replace(/^(\S+) (\S+): .*$/, '$1@$2')), head)
    const own = readdirSync(join(ROOT, 'node_modules', name)).find((file) => /^licen[cs]e/i.test(file))
    if (own === undefined) t.match(text.join('\n'), /^by \w/, name)
    else t.match(text.join('\n\n'), /copyright|permission/i, name)
  }
  t.match(
    program,
    /The script contains js-sha256 [\d.]+\.\n\nCopyright/,
    'the license accompanies the script of a page',
  )
  t.equal(node(join(folder, 'dist/cli/index.js'), '--version').trim(), OWN.version)
  t.notOk(existsSync(join(folder, 'node_modules')))
})

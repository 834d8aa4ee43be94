// Describes the packages that are needed at run time as a software bill of materials in CycloneDX, from the lock file.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUNDLED } from './page_module.mjs'

const ROOT = join(import.meta.dirname, '..')

/** Returns each package that is needed at run time or whose code is in the package, by its name and version, with its license. */
export function listPackages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const bundled = BUNDLED.map((name) => `node_modules/${name}`)
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && (!dev || bundled.includes(path)))
  return new Map(
    needed.map(([path, { version, license }]) => [`${path.replace(/^.*node_modules\//, '')}@${version}`, license]),
  )
}

export function createSbom() {
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only']
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 }
  const { components, dependencies, ...sbom } = JSON.parse(execFileSync('npm', args, options))
  // npm uses the name of the folder.
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  sbom.metadata.component.name = name
  // With --omit=dev, npm leaves out packages that are needed both at run time and for development.
  const needed = listPackages()
  return {
    ...sbom,
    components: components.filter((component) => needed.has(component['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => needed.has(ref) || ref === `${name}@${version}`)
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => needed.has(one)) })),
  }
}

/** Returns the document without the members that differ between builds of the same sources. */
export function createReproducibleSbom() {
  const { serialNumber, metadata, ...sbom } = createSbom()
  const { timestamp, ...rest } = metadata
  return { ...sbom, metadata: rest }
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(createSbom(), undefined, 2))

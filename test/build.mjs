// Builds what the tests run: `dist/`, the package, and `build/test/`, the tests. There the sources are `build/src`, a
// link to `dist/`, so that the tests import the modules of the package.
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { buildModules } from '../schema/build_modules.mjs'
import { transpile } from '../schema/transpile.mjs'

const BUILD = join(import.meta.dirname, '../build')

await buildModules()
await transpile('test', 'build/test')
if (lstatSync(join(BUILD, 'src'), { throwIfNoEntry: false }) === undefined) {
  mkdirSync(BUILD, { recursive: true })
  // A junction is the kind of link that Windows permits to every user.
  symlinkSync(join(BUILD, '../dist'), join(BUILD, 'src'), 'junction')
}

/** Finds files of the project. The compiled tests run in `build/test/`. */
import { join } from 'node:path'

/** The folder of the project. */
export const ROOT = join(import.meta.dirname, '../..')

/** The built command. */
export const PROGRAM = join(ROOT, 'dist/cli/index.js')

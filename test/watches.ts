/** A system that lets nothing more be watched. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Test } from 'tap'

/** Until the test ends, every attempt to watch fails as where no watches are left. */
export function exhaustWatches(t: Test): void {
  const { watch } = fs
  t.teardown(() => {
    fs.watch = watch
    syncBuiltinESMExports()
  })
  fs.watch = (() => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }) as unknown as typeof fs.watch
  syncBuiltinESMExports()
}

/** A system whose limit of file watches is reached. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Test } from 'tap'

/** Makes every attempt to watch a file fail until the test ends. */
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

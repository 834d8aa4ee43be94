// Runs the tests with one provider, with any supported version of Node.
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { globalSetup, globalTeardown } from './provider.mjs'

await globalSetup()
run({ files: ['login.test.mjs'] })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .on('end', globalTeardown)
  .compose(spec)
  .pipe(process.stdout)

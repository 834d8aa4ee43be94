/** The handle of a provider in another process, over HTTP. */
import { join } from 'node:path'
import { connect } from '../../src/index.js'
import { serve } from '../cli/program.js'
import { CONFIG, testHandle } from './suite.js'

testHandle('connect', async (t) => {
  const folder = t.testdir({ 'config.json': JSON.stringify(CONFIG) })
  const { issuer } = await serve(t, ['--config', join(folder, 'config.json')])
  const provider = await connect(issuer)
  t.teardown(() => provider[Symbol.asyncDispose]())
  return provider
})

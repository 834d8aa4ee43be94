/** Tests of the handle of a provider in this process. */
import { startProvider } from '../../src/index.js'
import { CONFIG, testHandle } from './suite.js'

testHandle('startProvider', async (t) => {
  const provider = await startProvider({ ...CONFIG, port: 0 })
  t.teardown(() => provider.close())
  return provider
})

/** Starts one provider for a whole test run and gives each test a separate issuer, for all test runners. */
import { connect } from '../handle/connect.js'
import type { Handle } from '../handle/handle.js'
import type { Provider, StartOptions } from '../index.js'

/** Environment variable with the URL of the admin API, certificate authority and admin token of the run's provider, for its workers. */
const VARIABLE = 'OIDC_PROVIDER_MOCK_RUN'

/** Starts the provider of the run, on a free port unless the options have one, and sets the variable for the workers. */
export async function startForRun(options: StartOptions): Promise<Provider> {
  // Workers only connect, so they do not load the provider.
  const { startProvider } = await import('../index.js')
  const provider = await startProvider({ port: 0, ...options })
  const { url, admin_url = url, ca } = provider
  process.env[VARIABLE] = JSON.stringify({ url: admin_url, ca, admin_token: options.server?.admin_token })
  return provider
}

/** A separate issuer of the run's provider. */
export interface Isolated {
  readonly provider: Handle
  /** Resets the issuer and closes the connection. */
  release(): Promise<void>
}

export async function isolate(): Promise<Isolated> {
  const json = process.env[VARIABLE]
  if (json === undefined) {
    throw new Error(
      'this test run has no provider, expected one from startOnce(); configure the file with startOnce() as the global setup',
    )
  }
  const { url, ...options } = JSON.parse(json)
  const shared = await connect(url, options)
  const provider = shared.isolated()
  const release = async () => {
    await provider.reset()
    await shared[Symbol.asyncDispose]()
  }
  return { provider, release }
}

/**
 * A fixture for Vitest and Playwright: gives each test the handle of a separate issuer and resets the issuer after the test.
 * Both runners read the names of other fixtures from the first parameter; this fixture uses none.
 */
// biome-ignore lint/correctness/noEmptyPattern: the runners refuse any other first parameter.
export async function isolatedProvider({}: object, use: (provider: Handle) => Promise<void>): Promise<void> {
  const { provider, release } = await isolate()
  try {
    await use(provider)
  } finally {
    await release()
  }
}

/** The hooks of a test runner. */
export interface Hooks {
  beforeEach(hook: () => Promise<void>): void
  afterEach(hook: () => Promise<void>): void
}

/** Creates a separate issuer before each test and resets it after the test. Returns a function for the current test's handle. */
export function isolateEachTest({ beforeEach, afterEach }: Hooks): () => Handle {
  let current: Isolated | undefined
  beforeEach(async () => {
    current = await isolate()
  })
  afterEach(async () => {
    await current?.release()
    current = undefined
  })
  return () => {
    if (current === undefined) {
      throw new Error(
        'no test is running, expected a call from within a test or its hooks; move the call into the test',
      )
    }
    return current.provider
  }
}

/** Functions that start and close the provider of a run, for runners with a separate setup and teardown. */
export interface GlobalHooks {
  globalSetup(): Promise<void>
  globalTeardown(): Promise<void>
}

export function createGlobalHooks(options: StartOptions): GlobalHooks {
  let provider: Provider | undefined
  return {
    async globalSetup() {
      provider = await startForRun(options)
    },
    async globalTeardown() {
      await provider?.close()
    },
  }
}

/** Returns a function that starts the provider of a run and resolves to a function that closes it. */
export function createGlobalSetup(options: StartOptions): () => Promise<() => Promise<void>> {
  return async () => {
    const provider = await startForRun(options)
    return () => provider.close()
  }
}

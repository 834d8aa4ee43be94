/** One provider for a whole run of tests, and an issuer of its own for each test: what the helpers for test runners share. */
import { connect } from '../handle/connect.js'
import type { Handle } from '../handle/handle.js'
import type { Provider, StartOptions } from '../index.js'

/** Where the workers of a run learn of its provider. */
const VARIABLE = 'OIDC_PROVIDER_MOCK_RUN'

/** Starts the provider of the run on a free port, unless the options name one, and lets the workers know where it is. */
export async function startForRun(options: StartOptions): Promise<Provider> {
  // Workers only connect, so that they need not load the provider.
  const { startProvider } = await import('../index.js')
  const provider = await startProvider({ port: 0, ...options })
  const { url, ca } = provider
  process.env[VARIABLE] = JSON.stringify({ url, ca, admin_token: options.server?.admin_token })
  return provider
}

/** An issuer that nobody else has, until it is released. */
export interface Isolated {
  readonly provider: Handle
  /** Resets the issuer, and lets go of the connection to it. */
  release(): Promise<void>
}

export async function isolate(): Promise<Isolated> {
  const said = process.env[VARIABLE]
  if (said === undefined) {
    throw new Error('no provider was started for this run of tests; name the file with startOnce() as its global setup')
  }
  const { url, ...options } = JSON.parse(said)
  const shared = await connect(url, options)
  const provider = shared.isolated()
  const release = async () => {
    await provider.reset()
    await shared[Symbol.asyncDispose]()
  }
  return { provider, release }
}

/**
 * The provider's handle as a fixture: an issuer of its own for each test, reset after it. Vitest and Playwright read from
 * the first parameter which other fixtures it takes; it takes none.
 */
// biome-ignore lint/correctness/noEmptyPattern: any other parameter is refused.
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

/** Gives each test that the hooks are for an issuer of its own, reset after it; what it returns is the handle of the running test's. */
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
    if (current === undefined) throw new Error('there is a provider while a test runs only; ask for it within the test')
    return current.provider
  }
}

/** Starts and closes the provider of a run, for runners that take the two one by one. */
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

/** Starts the provider of a run, and returns what closes it, for runners that take the one from the other. */
export function createGlobalSetup(options: StartOptions): () => Promise<() => Promise<void>> {
  return async () => {
    const provider = await startForRun(options)
    return () => provider.close()
  }
}

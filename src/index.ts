/**
 * A mock OpenID Provider, to develop and test sign-in against.
 *
 * ```ts
 * import { startProvider } from 'oidc-provider-mock'
 *
 * const provider = await startProvider({ port: 0, users: [{ sub: 'alice' }] })
 * console.log(provider.issuer)
 * await provider.close()
 * ```
 */
import type { ConfigInput } from './config/input.js'
import type { Override } from './config/load.js'
import { createProvider, type Provider } from './provider.js'

export { ConfigError, type Problem } from './config/errors.js'
export type { Client, ConfigInput, Key, Scope, User } from './config/input.js'
export { ListenError, type Provider } from './provider.js'

/** Everything that the config file can say, and where files are. What is given here lies over what the files say. */
export interface StartOptions extends ConfigInput {
  /** The port to listen on, as `server.port`; 0 picks a free one. Default: 9400. */
  readonly port?: number
  /** The address to listen on, as `server.host`. Default: 127.0.0.1. */
  readonly host?: string
  /** A config file, YAML or JSON; it is watched. */
  readonly config_file?: string
  /** A YAML or JSON list of users' claims, each with `sub`; it is watched. */
  readonly user_claims_file?: string
}

/**
 * Starts a provider in this process and resolves once it listens. Two providers share nothing.
 *
 * It logs to standard error, and only warnings unless `log.level` or a config file says otherwise.
 * `${NAME}` in a config file takes the variables of `process.env`; options are taken as they are.
 *
 * @throws {ConfigError} with every problem of the options and files at once.
 * @throws {ListenError} if the address and port can't be used.
 */
export async function startProvider(options: StartOptions = {}): Promise<Provider> {
  const { port, host, config_file, user_claims_file, ...config } = options
  const server = { ...(port !== undefined && { port }), ...(host !== undefined && { host }) }
  const quiet = config_file === undefined ? [{ log: { level: 'warn' } }] : []
  const overrides = [...quiet, config, { server }].flatMap((layer) =>
    Object.entries(layer).map(([key, value]): Override => ({ source: 'startProvider()', path: [key], value })),
  )
  const sources = {
    overrides,
    env: process.env,
    ...(config_file !== undefined && { config: config_file }),
    ...(user_claims_file !== undefined && { user_claims_file }),
  }
  return createProvider(sources, process.stderr)
}

/**
 * A mock OpenID Provider for developing and testing sign-in.
 *
 * ```ts
 * import { startProvider } from 'oidc-provider-mock'
 *
 * await using provider = await startProvider({ port: 0, users: [{ sub: 'alice' }] })
 * await provider.faults.add({ fault: 'id_token.expired', times: 1 })
 * console.log(provider.issuer)
 * ```
 */

import type { Override } from './config/load.js'
import type { ConfigInput } from './generated/input.js'
import { createHandle, type Handle } from './handle/handle.js'
import { createInProcessTransport } from './handle/in_process.js'
import { createProvider, type Running } from './provider.js'

export { ConfigError, type Problem } from './config/errors.js'
export type { Client, ConfigInput, Fault, Key, Scope, User } from './generated/input.js'
export { AdminError, JournalTimeoutError } from './handle/admin_error.js'
export type { ClockAnswer } from './handle/clock.js'
export { type ConnectOptions, connect } from './handle/connect.js'
export type { Handle } from './handle/handle.js'
export type { JournalFilter, ListOptions, StreamOptions, WaitOptions } from './handle/journal.js'
export type { LoginAnswer, LoginRequest } from './handle/logins.js'
export type { Mint, MintAnswer, TokenAnswer, TokenFilter } from './handle/tokens.js'
export type { JournalEntry } from './journal/entry.js'
export { ListenError } from './provider.js'
export type { ResetPart } from './store/collections.js'

/** Every key of the configuration file, and paths of files. Options take precedence over files. */
export interface StartOptions extends ConfigInput {
  /** Port to listen on, as `server.port`; 0 selects a free port. Default: 9400. */
  readonly port?: number
  /** Address to listen on, as `server.host`. Default: 127.0.0.1. */
  readonly host?: string
  /** Path of the configuration file, YAML or JSON. Changes of the file are reloaded. */
  readonly config_file?: string
  /** Path of a YAML or JSON list of users' claims, each with `sub`. Changes of the file are reloaded. */
  readonly user_claims_file?: string
  /** Folder in which `config.yaml` and `users.yaml` are read if the two paths are absent. Both files are optional. */
  readonly config_dir?: string
  /** Whether to poll the files for changes, for mounted folders without change events. */
  readonly poll?: boolean
}

/** A provider in this process with the handle of its default issuer. Disposing of it closes it. */
export interface Provider extends Handle, Omit<Running, 'inject' | 'isolated_issuer' | typeof Symbol.asyncDispose> {}

/**
 * Starts a provider in this process and resolves when it listens. Two providers share nothing.
 *
 * The log goes to standard error. Its level is `warn` unless `log.level` or a configuration file sets another.
 * `${NAME}` in a configuration file is replaced by the environment variable; options are used unchanged.
 *
 * @throws {ConfigError} with every problem of the options and files at once.
 * @throws {ListenError} if the address or port is not available.
 */
export async function startProvider(options: StartOptions = {}): Promise<Provider> {
  const { port, host, config_file, user_claims_file, config_dir, poll, ...config } = options
  const server = { ...(port !== undefined && { port }), ...(host !== undefined && { host }) }
  const quiet = config_file === undefined && config_dir === undefined ? [{ log: { level: 'warn' } }] : []
  const overrides = [...quiet, config, { server }].flatMap((layer) =>
    Object.entries(layer).map(([key, value]): Override => ({ source: 'startProvider()', path: [key], value })),
  )
  const sources = {
    overrides,
    env: process.env,
    ...(config_file !== undefined && { config: config_file }),
    ...(user_claims_file !== undefined && { user_claims_file }),
    ...(config_dir !== undefined && { config_dir }),
    ...(poll !== undefined && { poll }),
  }
  const { inject, [Symbol.asyncDispose]: dispose, ...running } = await createProvider(sources, process.stderr)
  const handle = createHandle(createInProcessTransport(running.url, inject), running, undefined, dispose)
  return { ...handle, ...running }
}

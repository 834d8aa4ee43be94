/**
 * A mock OpenID Provider, to develop and test sign-in against.
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
export type { Handle, ResetPart } from './handle/handle.js'
export type { JournalFilter, ListOptions, StreamOptions, WaitOptions } from './handle/journal.js'
export type { LoginAnswer, LoginRequest } from './handle/logins.js'
export type { Mint, MintAnswer, TokenAnswer, TokenFilter } from './handle/tokens.js'
export type { JournalEntry } from './journal/entry.js'
export { ListenError } from './provider.js'

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
  /** A folder whose `config.yaml` and `users.yaml`, if they are there, are read where the two files are left out. */
  readonly config_dir?: string
  /** Looks at the files from time to time, for where the system tells of no changes, as in some mounted folders. */
  readonly poll?: boolean
}

/** A provider in this process, and what drives its default issuer. Disposing of it closes it. */
export interface Provider extends Handle, Omit<Running, 'inject' | 'isolated_issuer' | typeof Symbol.asyncDispose> {}

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

/** Reads and reloads the configuration of a provider. */
import type { Problem } from '../config/errors.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** The configuration and its status. */
export interface ConfigAnswer {
  /** The configuration in force, with defaults and masked secrets. */
  readonly config: Readonly<Record<string, unknown>>
  /** Files of the configuration. */
  readonly files: readonly string[]
  /** `stale` if the files have problems and the configuration before the change stays in force. */
  readonly status: 'current' | 'stale'
  /** Problems of the files. */
  readonly problems: readonly Problem[]
  /** Values of the configuration in force that are probably not intended, such as a number as `phone_number`. */
  readonly warnings: readonly Problem[]
}

/** Result of a reload. */
export interface ReloadAnswer {
  /** Whether the current content of the files is in force. */
  readonly reloaded: boolean
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** A refused call throws an `AdminError`. */
export interface ConfigHandle {
  /** Returns the configuration in force. */
  get(): Promise<ConfigAnswer>
  /** Reads the configuration files again. */
  reload(): Promise<ReloadAnswer>
}

export const createConfigHandle = ({ call }: Caller): ConfigHandle => ({
  get: () => call('GET', PATHS.admin_config),
  reload: () => call('POST', PATHS.reload_config),
})

/** The configuration of a provider, from a test's point of view. */
import type { Problem } from '../config/errors.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

export interface ConfigAnswer {
  /** What is in force, with defaults; secrets are masked. */
  readonly config: Readonly<Record<string, unknown>>
  /** The files that it comes from. */
  readonly files: readonly string[]
  /** `stale` where the files say something wrong since, so that what was in force before stays. */
  readonly status: 'current' | 'stale'
  /** What is wrong with the files now. */
  readonly problems: readonly Problem[]
}

export interface ReloadAnswer {
  /** Whether what the files say now is in force. */
  readonly reloaded: boolean
  readonly problems: readonly Problem[]
}

/** Every call throws an `AdminError` if it is refused. */
export interface ConfigHandle {
  get(): Promise<ConfigAnswer>
  /** Reads the files again. */
  reload(): Promise<ReloadAnswer>
}

export const createConfigHandle = ({ call }: Caller): ConfigHandle => ({
  get: () => call('GET', PATHS.admin_config),
  reload: () => call('POST', PATHS.reload_config),
})

/** What drives one issuer of a provider, be the provider in this process or elsewhere. */

import { randomToken } from '../random.js'
import { PATHS } from '../routes.js'
import { createCaller } from './call.js'
import { type Clients, createClients } from './clients.js'
import { type ClockHandle, createClockHandle } from './clock.js'
import { type ConfigHandle, createConfigHandle } from './config.js'
import { createFaultsHandle, type FaultsHandle } from './faults.js'
import { createJournalHandle, type JournalHandle } from './journal.js'
import { createKeysHandle, type KeysHandle } from './keys.js'
import {
  createDeviceCodes,
  createGrants,
  createSessions,
  type DeviceCodes,
  type Grants,
  type LoginAnswer,
  type LoginRequest,
  logIn,
  type Sessions,
} from './logins.js'
import { createTokens, type Tokens } from './tokens.js'
import type { Transport } from './transport.js'
import { createUsers, type Users } from './users.js'

/** What can be reset by itself. */
export type ResetPart =
  | 'users'
  | 'clients'
  | 'tokens'
  | 'sessions'
  | 'grants'
  | 'clock'
  | 'keys'
  | 'faults'
  | 'journal'
  | 'device_codes'

/** Drives one issuer. Each call is one of the admin API, and throws an `AdminError` if it is refused. */
export interface Handle extends AsyncDisposable {
  /** The issuer identifier: what an application under test is given. */
  readonly issuer: string
  readonly users: Users
  readonly clients: Clients
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly grants: Grants
  readonly device_codes: DeviceCodes
  readonly clock: ClockHandle
  readonly faults: FaultsHandle
  readonly keys: KeysHandle
  readonly journal: JournalHandle
  readonly config: ConfigHandle
  /** Answers an authorization request for an end-user, without a browser. Resolves to where the browser would go. */
  login(request: LoginRequest): Promise<LoginAnswer>
  /**
   * An issuer of its own, which shares nothing but the configuration with any other: users and clients put at run time,
   * tokens, clock, keys, faults and journal are its own. It is made on first use.
   * @param name up to 64 of `A-Z a-z 0-9 . _ ~ -`. The same name is the same issuer; left out, it is a random one.
   */
  isolated(name?: string): Handle
  /** Undoes all that has happened at this issuer, or these parts of it. */
  reset(parts?: readonly ResetPart[]): Promise<void>
}

/** How the issuers of a provider are called. */
export interface Names {
  /** The issuer identifier of the default issuer. */
  readonly issuer: string
  /** That of an isolated one, with `{name}` for its name. */
  readonly isolated_issuer: string
}

/** @param name that of an isolated issuer; left out, the default one. */
export function createHandle(
  transport: Transport,
  names: Names,
  name: string | undefined,
  dispose: (handle: Handle) => Promise<void>,
): Handle {
  const caller = createCaller(transport, name === undefined ? '' : `/issuers/${encodeURIComponent(name)}`)
  const handle: Handle = {
    issuer: name === undefined ? names.issuer : names.isolated_issuer.replace('{name}', () => name),
    users: createUsers(caller),
    clients: createClients(caller),
    tokens: createTokens(caller),
    sessions: createSessions(caller),
    grants: createGrants(caller),
    device_codes: createDeviceCodes(caller),
    clock: createClockHandle(caller),
    faults: createFaultsHandle(caller),
    keys: createKeysHandle(caller),
    journal: createJournalHandle(caller),
    config: createConfigHandle(caller),
    login: (request) => logIn(caller, request),
    isolated: (other = randomToken()) => createHandle(transport, names, other, (isolated) => isolated.reset()),
    async reset(parts) {
      await caller.call('POST', PATHS.admin_reset, { body: parts === undefined ? {} : { parts } })
    },
    [Symbol.asyncDispose]: () => dispose(handle),
  }
  return handle
}

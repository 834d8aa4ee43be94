/** The handle: controls one issuer of a provider in this process or in another. */

import { randomToken } from '../random.js'
import { PATHS } from '../routes.js'
import type { ResetPart } from '../store/collections.js'
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

/** Controls one issuer. Each call uses one route of the admin API. A refused call throws an `AdminError`. */
export interface Handle extends AsyncDisposable {
  /** The issuer identifier, for the settings of the application under test. */
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
  /** Answers an authorization request for a user without a browser, and returns the redirect. */
  login(request: LoginRequest): Promise<LoginAnswer>
  /**
   * Returns the handle of an isolated issuer, which shares only the configuration with other issuers. Users and clients put at
   * run time, tokens, clock, keys, faults and journal are its own. The provider creates it on first use.
   * @param name up to 64 characters of `A-Z a-z 0-9 . _ ~ -`. The same name is the same issuer. Absent: a random name.
   */
  isolated(name?: string): Handle
  /** Resets the given parts of the issuer to the configuration. Absent: all parts. */
  reset(parts?: readonly ResetPart[]): Promise<void>
}

/** The identifiers of a provider's issuers. */
export interface IssuerIdentifiers {
  /** Identifier of the default issuer. */
  readonly issuer: string
  /** Identifier of an isolated issuer, with `{name}` for its name. */
  readonly isolated_issuer: string
}

/** @param name name of an isolated issuer. Absent: the default issuer. */
export function createHandle(
  transport: Transport,
  identifiers: IssuerIdentifiers,
  name: string | undefined,
  dispose: (handle: Handle) => Promise<void>,
): Handle {
  const caller = createCaller(transport, name === undefined ? '' : `/issuers/${encodeURIComponent(name)}`)
  const handle: Handle = {
    issuer: name === undefined ? identifiers.issuer : identifiers.isolated_issuer.replace('{name}', () => name),
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
    isolated: (other = randomToken()) => createHandle(transport, identifiers, other, (isolated) => isolated.reset()),
    async reset(parts) {
      await caller.call('POST', PATHS.admin_reset, { body: parts === undefined ? {} : { parts } })
    },
    [Symbol.asyncDispose]: () => dispose(handle),
  }
  return handle
}

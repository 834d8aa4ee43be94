/** Logs users in and controls sessions, grants and device codes of an issuer. */
import type { FaultName } from '../faults/catalogue.js'
import type { Fault } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Account, DeviceCode, Grant } from '../store/records.js'
import type { Caller } from './call.js'

/** A login in a browser. `expires_at` is the end of the browser's session in seconds since the epoch. */
export type SessionAnswer = Account & { readonly expires_at: number }

/** Result of a back-channel logout request to a client. */
export interface ToldAnswer {
  readonly client_id: string
  /** Number of requests to the client. */
  readonly attempts: number
  /** HTTP status of the client's last response, if there was one. */
  readonly status?: number
  /** Reason of a failure; absent after a success. */
  readonly reason?: string
}

/** A refused call throws an `AdminError`. */
export interface Sessions {
  /** Lists the logins of all browser sessions. */
  list(): Promise<readonly SessionAnswer[]>
  /** Ends the login. With `notify`, sends back-channel logout requests and returns their results. */
  delete(sid: string, options?: { readonly notify?: boolean }): Promise<readonly ToldAnswer[]>
}

export type GrantAnswer = Grant & { readonly grant_id: string }

/** A refused call throws an `AdminError`. */
export interface Grants {
  /** Lists grants. Every code and token belongs to a grant. */
  list(filter?: { readonly sub?: string; readonly client_id?: string }): Promise<readonly GrantAnswer[]>
  /** Ends the grant and all its codes and tokens. */
  delete(grant_id: string): Promise<void>
}

/** A device code and the end-user's decision. `expired`: the code expired before a decision. */
export interface DeviceCodeAnswer extends Omit<DeviceCode, 'last_poll'> {
  readonly status: 'pending' | 'approved' | 'denied' | 'expired'
}

/** A refused call throws an `AdminError`. */
export interface DeviceCodes {
  /** Lists device codes with and without a decision of the end-user (RFC 8628). */
  list(): Promise<readonly DeviceCodeAnswer[]>
  /** Approves the device code for a user. The device gets tokens, with the given fault if there is one. */
  approve(
    user_code: string,
    user: { readonly sub: string; readonly fault?: FaultName | Fault },
  ): Promise<DeviceCodeAnswer>
  /** Denies the device code: the device gets no tokens. */
  deny(user_code: string): Promise<DeviceCodeAnswer>
}

/** An authorization request and the end-user's decision. */
export interface LoginRequest {
  /** The authorization URL of the application, or its parameters. */
  readonly authorization_request: string | URL | Readonly<Record<string, string>>
  /** Subject of the user who logs in. */
  readonly sub?: string
  /** Fault of this login, such as `id_token.expired`. */
  readonly fault?: FaultName
  /** Error that the application receives instead of a code, such as `temporarily_unavailable`. */
  readonly error?: string
  /** Whether the end-user denies access. */
  readonly deny?: boolean
}

/** The authorization response: a redirect, or a form. */
export interface LoginAnswer {
  /** Identifier of this login in journal entries. */
  readonly flow_id: string
  /** URL that the browser is redirected to. */
  readonly location?: string
  /** Parameters of `location`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** URL that the browser posts a form to, with response mode `form_post`. */
  readonly action?: string
  /** Fields of that form. */
  readonly fields?: Readonly<Record<string, string>>
  /** Whether a fault sends the browser there twice. */
  readonly twice?: boolean
}

export const createSessions = ({ call }: Caller): Sessions => ({
  list: async () => (await call<{ sessions: SessionAnswer[] }>('GET', PATHS.admin_sessions)).sessions,
  delete: async (sid, query = {}) =>
    (await call<{ told: ToldAnswer[] }>('DELETE', PATHS.admin_session, { params: { sid }, query })).told,
})

export const createGrants = ({ call }: Caller): Grants => ({
  list: async (query = {}) => (await call<{ grants: GrantAnswer[] }>('GET', PATHS.admin_grants, { query })).grants,
  delete: (grant_id) => call('DELETE', PATHS.admin_grant, { params: { grant_id } }),
})

export const createDeviceCodes = ({ call }: Caller): DeviceCodes => ({
  list: async () => (await call<{ device_codes: DeviceCodeAnswer[] }>('GET', PATHS.device_codes)).device_codes,
  approve: (user_code, user) => call('POST', PATHS.approve_device_code, { params: { user_code }, body: user }),
  deny: (user_code) => call('POST', PATHS.deny_device_code, { params: { user_code } }),
})

export function logIn({ call }: Caller, { authorization_request, ...decision }: LoginRequest): Promise<LoginAnswer> {
  const request = authorization_request instanceof URL ? authorization_request.href : authorization_request
  return call('POST', PATHS.admin_login, { body: { authorization_request: request, ...decision } })
}

/** What comes of logins: sessions, grants and device codes of an issuer, from a test's point of view; and a login itself. */
import type { FaultName } from '../faults/catalogue.js'
import type { Fault } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Account, DeviceCode, Grant } from '../store/records.js'
import type { Caller } from './call.js'

/** One login in a browser, and when the browser's session ends, in seconds since the epoch. */
export type SessionAnswer = Account & { readonly expires_at: number }

/** A client that was to be told of a logout. */
export interface ToldAnswer {
  readonly client_id: string
  /** How often it was called. */
  readonly attempts: number
  /** Of its last answer, if there was one. */
  readonly status?: number
  /** Why it was not told; left out where it was. */
  readonly reason?: string
}

/** Every call throws an `AdminError` if it is refused. */
export interface Sessions {
  /** Who is logged in, in which browser session. */
  list(): Promise<readonly SessionAnswer[]>
  /** Ends the login; with `notify`, clients are told as at a logout (back-channel). Answers with who was told. */
  delete(sid: string, options?: { readonly notify?: boolean }): Promise<readonly ToldAnswer[]>
}

export type GrantAnswer = Grant & { readonly grant_id: string }

/** Every call throws an `AdminError` if it is refused. */
export interface Grants {
  /** What end-users granted to clients: the root of every code and token. */
  list(filter?: { readonly sub?: string; readonly client_id?: string }): Promise<readonly GrantAnswer[]>
  /** Ends the grant, and with it every token that came of it. */
  delete(grant_id: string): Promise<void>
}

/** A device that waits, and what the end-user said; `expired` where nothing was said in time. */
export interface DeviceCodeAnswer extends Omit<DeviceCode, 'last_poll'> {
  readonly status: 'pending' | 'approved' | 'denied' | 'expired'
}

/** Every call throws an `AdminError` if it is refused. */
export interface DeviceCodes {
  /** Those whose end-user is still to answer, and those who have (RFC 8628). */
  list(): Promise<readonly DeviceCodeAnswer[]>
  /** Answers for the end-user: the device gets tokens, which go wrong as the fault says, if one is given. */
  approve(
    user_code: string,
    user: { readonly sub: string; readonly fault?: FaultName | Fault },
  ): Promise<DeviceCodeAnswer>
  /** Answers for the end-user: the device is refused. */
  deny(user_code: string): Promise<DeviceCodeAnswer>
}

/** An authorization request, and how the end-user answers it. */
export interface LoginRequest {
  /** The URL to which the application sends the browser, or its parameters alone. */
  readonly authorization_request: string | URL | Readonly<Record<string, string>>
  /** Who logs in. */
  readonly sub?: string
  /** What is to go wrong with this one login, such as `id_token.expired`. */
  readonly fault?: FaultName
  /** Answers with this error instead, such as `temporarily_unavailable`. */
  readonly error?: string
  /** The end-user denies access. */
  readonly deny?: boolean
}

/** Where the browser would be sent: to a URL, or with a form. */
export interface LoginAnswer {
  /** What the entries of the journal about this login have in common. */
  readonly flow_id: string
  /** The callback URL, with the answer's parameters. */
  readonly location?: string
  readonly parameters?: Readonly<Record<string, string>>
  /** With response mode `form_post`: where the form goes. */
  readonly action?: string
  readonly fields?: Readonly<Record<string, string>>
  /** A fault has the browser go there twice. */
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

export function logIn({ call }: Caller, { authorization_request, ...answer }: LoginRequest): Promise<LoginAnswer> {
  const request = authorization_request instanceof URL ? authorization_request.href : authorization_request
  return call('POST', PATHS.admin_login, { body: { authorization_request: request, ...answer } })
}

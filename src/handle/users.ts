/** The users of an issuer, from a test's point of view. */

import type { UserRecord } from '../directory/users.js'
import type { User } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** A user as in the config file, without `sub`. */
export type UserBody = Omit<User, 'sub'>

/** Users put at run time lie over those of the configuration. Every call throws an `AdminError` if it is refused. */
export interface Users {
  /** Every user there is: those of the configuration, put at run time, and who logged in with an unknown `sub`. */
  list(): Promise<readonly UserRecord[]>
  /** The user, with `origin`: `file`, `put` or `login`. Refused with `not_found` where there is none. */
  get(sub: string): Promise<UserRecord>
  /** Puts the whole user, over one with the same `sub`; answers with what counts from now on. */
  put(sub: string, user?: UserBody): Promise<UserRecord>
  /** Changes what counts now by a merge patch (RFC 7396): members replace, objects are merged, null removes. */
  patch(sub: string, changes: object): Promise<UserRecord>
  /** Deletes the user with their logins and tokens. One of the file stays gone until it is put, or users are reset. */
  delete(sub: string): Promise<void>
}

export const createUsers = ({ call }: Caller): Users => ({
  list: async () => (await call<{ users: UserRecord[] }>('GET', PATHS.admin_users)).users,
  get: (sub) => call('GET', PATHS.admin_user, { params: { sub } }),
  put: (sub, user = {}) => call('PUT', PATHS.admin_user, { params: { sub }, body: user }),
  patch: (sub, changes) => call('PATCH', PATHS.admin_user, { params: { sub }, body: changes }),
  delete: (sub) => call('DELETE', PATHS.admin_user, { params: { sub } }),
})

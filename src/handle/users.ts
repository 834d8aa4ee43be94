/** Reads and changes the users of an issuer. */

import type { UserRecord } from '../directory/users.js'
import type { User } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** A user as in the configuration file, without `sub`. */
export type UserBody = Omit<User, 'sub'>

/** Users put at run time take precedence over users of the configuration. A refused call throws an `AdminError`. */
export interface Users {
  /** Lists the users of the configuration, users put at run time, and users created by a login with an unknown `sub`. */
  list(): Promise<readonly UserRecord[]>
  /** Returns the user with `origin`: `file`, `put` or `login`. An unknown `sub` is refused with `not_found`. */
  get(sub: string): Promise<UserRecord>
  /** Creates or replaces the user and returns it. */
  put(sub: string, user?: UserBody): Promise<UserRecord>
  /** Applies a merge patch (RFC 7396) to the user: members replace, objects are merged, null removes a member. */
  patch(sub: string, changes: object): Promise<UserRecord>
  /** Deletes the user with all logins and tokens. A user of the file stays deleted until it is put again or users are reset. */
  delete(sub: string): Promise<void>
}

export const createUsers = ({ call }: Caller): Users => ({
  list: async () => (await call<{ users: UserRecord[] }>('GET', PATHS.admin_users)).users,
  get: (sub) => call('GET', PATHS.admin_user, { params: { sub } }),
  put: (sub, user = {}) => call('PUT', PATHS.admin_user, { params: { sub }, body: user }),
  patch: (sub, changes) => call('PATCH', PATHS.admin_user, { params: { sub }, body: changes }),
  delete: (sub) => call('DELETE', PATHS.admin_user, { params: { sub } }),
})

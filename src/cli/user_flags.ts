/** The flags for users and automatic login. */
import { boolean, claims, type Flag, text } from './flag.js'

/** The flags in the order of `--help`. */
export const USER_FLAGS: readonly Flag[] = [
  {
    heading: 'Users and login:',
    names: '--user',
    env: 'USER',
    value: '<SUB>',
    description: 'predefined user whose email is SUB; repeatable',
    paths: [['users']],
    append: true,
    parse: (sub) => ({ sub, claims: { email: sub } }),
  },
  {
    names: '--user-claims',
    env: 'USER_CLAIMS',
    value: '<JSON>',
    description: 'predefined user as a JSON object of claims with "sub"; repeatable',
    paths: [['users']],
    append: true,
    parse: claims,
  },
  {
    names: '--user-claims-file',
    env: 'USER_CLAIMS_FILE',
    value: '<FILE>',
    description: 'YAML or JSON list of claims, each with "sub"; reloaded when it changes',
    paths: [],
    parse: text,
  },
  {
    names: '--users-only',
    env: 'USERS_ONLY',
    value: '[BOOL]',
    description: 'let only listed users log in (default: false)',
    paths: [['users_only']],
    parse: boolean,
  },
  {
    names: '--auto-login',
    env: 'AUTO_LOGIN',
    value: '<SUB>',
    description: 'log this user in without a login page, at every authorization request',
    paths: [['auto_login']],
    parse: text,
  },
  {
    names: '--auto-login-hint',
    env: 'AUTO_LOGIN_HINT',
    value: '[BOOL]',
    description: 'log in the user named by login_hint without a login page (default: false)',
    paths: [['auto_login_hint']],
    parse: boolean,
  },
]

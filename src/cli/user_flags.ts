/** The flags about who can log in, and who does without being asked. */
import { boolean, claims, type Flag, text } from './flag.js'

/** In the order of `--help`. */
export const USER_FLAGS: readonly Flag[] = [
  {
    names: '--user',
    env: 'USER',
    value: '<SUB>',
    description: 'a predefined user whose email is SUB; repeatable',
    paths: [['users']],
    append: true,
    parse: (sub) => ({ sub, claims: { email: sub } }),
  },
  {
    names: '--user-claims',
    env: 'USER_CLAIMS',
    value: '<JSON>',
    description: 'a predefined user, as a JSON object of claims with "sub"; repeatable',
    paths: [['users']],
    append: true,
    parse: claims,
  },
  {
    names: '--user-claims-file',
    env: 'USER_CLAIMS_FILE',
    value: '<FILE>',
    description: 'a YAML or JSON list of claims, each with "sub"; a change is followed at once',
    paths: [],
    parse: text,
  },
  {
    names: '--auto-login',
    env: 'AUTO_LOGIN',
    value: '<SUB>',
    description: 'log this user in at once, without a page, whoever asks',
    paths: [['auto_login']],
    parse: text,
  },
  {
    names: '--auto-login-hint',
    env: 'AUTO_LOGIN_HINT',
    value: '[BOOL]',
    description: 'log in at once whom login_hint names, without a page (default: false)',
    paths: [['auto_login_hint']],
    parse: boolean,
  },
]

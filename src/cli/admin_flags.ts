/** The flags for access to the admin API. */
import { boolean, type Flag, list, number, text } from './flag.js'

/** The flags in the order of `--help`. */
export const ADMIN_FLAGS: readonly Flag[] = [
  {
    heading: 'Admin API:',
    names: '--admin-token',
    env: 'ADMIN_TOKEN',
    value: '<TOKEN>',
    description: 'bearer token required at /admin (default: none required)',
    paths: [['server', 'admin_token']],
    parse: text,
  },
  {
    names: '--admin-port',
    env: 'ADMIN_PORT',
    value: '<N>',
    description: 'separate port for /admin; 0 picks a free one (default: the main port)',
    paths: [['server', 'admin_port']],
    parse: number,
  },
  {
    names: '--no-admin',
    env: 'NO_ADMIN',
    value: '[BOOL]',
    description: 'serve no /admin (default: false)',
    paths: [['server', 'admin']],
    parse: (value) => !boolean(value),
  },
  {
    names: '--allowed-host',
    env: 'ALLOWED_HOST',
    value: '<NAMES>',
    description:
      'host names of /admin beside localhost and configured URLs, such as *.example.test, separated by commas',
    paths: [['server', 'allowed_hosts']],
    parse: list,
  },
]

/** The flags for the log. */
import { boolean, type Flag, text } from './flag.js'

/** The flags in the order of `--help`. */
export const LOG_FLAGS: readonly Flag[] = [
  {
    heading: 'Log:',
    names: '-q, --quiet',
    env: 'QUIET',
    value: '',
    description: 'log warnings and errors only, as --log-level warn',
    paths: [['log', 'level']],
    parse: (value) => (boolean(value) ? 'warn' : undefined),
  },
  {
    names: '-v, --verbose',
    env: 'VERBOSE',
    value: '',
    description: 'also log every request, as --log-level debug',
    paths: [['log', 'level']],
    parse: (value) => (boolean(value) ? 'debug' : undefined),
  },
  {
    names: '--log-level',
    env: 'LOG_LEVEL',
    value: '<LEVEL>',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    description: 'trace, debug, info, warn, error, fatal or silent (default: info)',
    paths: [['log', 'level']],
    parse: text,
  },
  {
    names: '--log-format',
    env: 'LOG_FORMAT',
    value: '<FORMAT>',
    choices: ['auto', 'pretty', 'json'],
    description: 'pretty, json, or auto: pretty on a terminal (default: auto)',
    paths: [['log', 'format']],
    parse: text,
  },
]

/** The log: readable lines on a terminal, JSON elsewhere. */
import type { Writable } from 'node:stream'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import pretty from 'pino-pretty'
import type { Environment } from './config/substitute.js'
import type { Config } from './generated/types.js'

/** The output of the log; `isTTY` is true for a terminal. */
export type LogStream = Writable & { readonly isTTY?: boolean }

/**
 * Whether to write colors: on a terminal, unless `NO_COLOR` is set, and elsewhere if `FORCE_COLOR` is set. An empty variable is
 * not set. See no-color.org and force-color.org.
 */
export function hasColors(stream: { readonly isTTY?: boolean }, { NO_COLOR, FORCE_COLOR, TERM }: Environment): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return !['0', 'false'].includes(FORCE_COLOR)
  return stream.isTTY === true && TERM !== 'dumb'
}

/** Creates the logger of the process. */
export function createLogger({ level, format }: Config['log'], stream: LogStream, env: Environment): Logger {
  const forPeople = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  const destination = forPeople
    ? pretty({
        destination: stream,
        colorize: hasColors(stream, env),
        // Members that the message already contains, or that only programs need.
        ignore: `pid,hostname,reqId,changes,problems,warnings,endpoint,admin_url,${Object.keys(BANNER).join()}`,
        messageFormat: (line, key) => formatBanner(line[key], line),
        translateTime: 'HH:MM:ss',
        errorLikeObjectKeys: ['err'],
        singleLine: true,
      })
    : stream
  // Programs read names as easily as numbers, and people do not know the numbers.
  const formatters = forPeople ? {} : { formatters: { level: (label: string) => ({ level: label }) } }
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, ...formatters }, destination)
}

/** The members of the first log line that have a line of their own on a terminal, and their titles. */
const BANNER: Readonly<Record<string, string>> = {
  issuer: 'issuer',
  login_url: 'try a login',
  journal_url: 'journal',
  http_url: 'http',
  profile: 'profile',
  users: 'users',
  clients: 'clients',
  files: 'files',
}

/** Returns a message, followed by the lines of the banner if it is that of the start. */
function formatBanner(message: unknown, line: Readonly<Record<string, unknown>>): string {
  if (line.login_url === undefined) return String(message)
  const rows = Object.entries(BANNER).flatMap(([member, title]) => {
    const value = Array.isArray(line[member]) ? line[member].join(', ') : line[member]
    return value === undefined || value === '' ? [] : [`    ${`${title}:`.padEnd(13)}${value}`]
  })
  return [message, ...rows].join('\n')
}

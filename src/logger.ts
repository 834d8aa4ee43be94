/** The log: lines for people on a terminal, JSON elsewhere. */
import type { Writable } from 'node:stream'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './generated/types.js'

/** Where log lines go; a terminal says so by `isTTY`. */
export type LogStream = Writable & { readonly isTTY?: boolean }

export function createLogger({ level, format }: Config['log'], stream: LogStream): Logger {
  const forPeople = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  const destination = forPeople
    ? pretty({
        destination: stream,
        colorize: stream.isTTY === true,
        // What the message says already.
        ignore: 'pid,hostname,reqId,changes,problems',
        translateTime: 'HH:MM:ss',
        errorLikeObjectKeys: ['err'],
        singleLine: true,
      })
    : stream
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination)
}

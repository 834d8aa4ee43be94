/** The log: readable lines on a terminal, JSON elsewhere. */
import type { Writable } from 'node:stream'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './generated/types.js'

/** The output of the log; `isTTY` is true for a terminal. */
export type LogStream = Writable & { readonly isTTY?: boolean }

/** Creates the logger of the process. */
export function createLogger({ level, format }: Config['log'], stream: LogStream): Logger {
  const forPeople = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  const destination = forPeople
    ? pretty({
        destination: stream,
        colorize: stream.isTTY === true,
        // Members that the message already contains, or that only programs need.
        ignore: 'pid,hostname,reqId,changes,problems,warnings,issuer,endpoint,flow_id',
        translateTime: 'HH:MM:ss',
        errorLikeObjectKeys: ['err'],
        singleLine: true,
      })
    : stream
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination)
}

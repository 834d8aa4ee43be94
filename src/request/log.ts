/** The log of one request: its lines have the issuer, endpoint, client and flow of the request. */
import type { FastifyBaseLogger } from 'fastify'
import type { RequestLog } from '../context.js'
import type { Exchange } from '../faults/rules.js'

/** Creates a log whose lines have the facts that are known when they are written. */
export function createLog(logger: FastifyBaseLogger, exchange: Exchange): RequestLog {
  const write = (level: keyof RequestLog) => (details: object, message: string) => {
    const { issuer, endpoint, client_id } = exchange.facts
    const { flow_id } = exchange
    logger[level]({ issuer, endpoint, client_id, flow_id, ...details }, message)
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

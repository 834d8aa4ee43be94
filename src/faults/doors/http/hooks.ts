/** The doors of HTTP at which an exchange can go wrong on purpose: before its handler, in the members of its answer, and on the wire. */
import type { Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { recordExchange } from '../../../request/exchange.js'
import { FAULT_CATALOGUE } from '../../catalogue.js'
import type { FaultName } from '../../row.js'
import { findFault } from '../find.js'
import { BODIES } from './body.js'
import { followConnections } from './connections.js'
import { DELAYS, INSTEAD, keepBack } from './instead.js'
import { createDecoys } from './jwks.js'
import { MEMBERS, type Members } from './members.js'

/** Each asks for one rule: the first that matches of those that can happen there. */
export interface HttpFaults {
  /** Before the handler, so that nothing is done and nothing used up where another answer takes its place. */
  before(request: FastifyRequest, reply: FastifyReply): Promise<unknown>
  /** What a successful answer says, before it becomes JSON. A refusal is JSON already. */
  changeMembers(request: FastifyRequest, reply: FastifyReply, payload: Members): Promise<unknown>
  /** What leaves. The journal gets it whole, however it is cut or slowed down. */
  send(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown>
}

export function createHttpFaults(server: Server): HttpFaults {
  const reset = followConnections(server)
  const decoys = createDecoys()
  return {
    before: async (request, reply) => {
      const { ctx } = request
      const delay = await findFault(ctx, namesAt(request, DELAYS))
      if (delay !== undefined && !(await DELAYS[delay.fault](delay, reply))) return keepBack(request, reply)
      const names = namesAt(request, INSTEAD).filter((name) => INSTEAD[name].fits?.(ctx.exchange.facts) ?? true)
      const rule = await findFault(ctx, names)
      return rule && INSTEAD[rule.fault].answer(rule, { request, reply, reset })
    },
    changeMembers: async (request, _reply, payload) => {
      const names = namesAt(request, MEMBERS).filter((name) => MEMBERS[name].fits?.(payload) ?? true)
      const rule = await findFault(request.ctx, names)
      return rule === undefined ? payload : MEMBERS[rule.fault].change(payload, rule, { ctx: request.ctx, decoys })
    },
    send: async (request, reply, payload) => {
      // Where there can be no such issuer, there is no context.
      if (request.ctx === null) return payload
      const names = namesAt(request, BODIES).filter((name) => BODIES[name].fits({ request, reply, payload }))
      const rule = await findFault(request.ctx, names)
      const { text, sent } =
        rule === undefined ? asItIs(payload) : BODIES[rule.fault].alter(String(payload), rule, reply)
      recordExchange(request, reply, text)
      return sent
    },
  }
}

const asItIs = (payload: unknown) => ({ text: payload, sent: payload })

/** Those of a table that can happen at the endpoint. What a browser asks beforehand goes through (CORS). */
function namesAt<N extends FaultName>({ ctx, method }: FastifyRequest, table: Readonly<Record<N, unknown>>): N[] {
  const { endpoint } = ctx.exchange.facts
  if (method === 'OPTIONS') return []
  return (Object.keys(table) as N[]).filter((name) => FAULT_CATALOGUE[name].endpoints.some((one) => one === endpoint))
}

/** Fastify hooks of the HTTP doors: before the handler, on the members of a response, and on the response as it is sent. */
import type { Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FAULT_CATALOGUE, type FaultAt, type FaultDoor } from '../../catalogue.js'
import { type Applicable, findFault } from '../find.js'
import { BODY_CHANGES } from './body.js'
import { followConnections } from './connections.js'
import { MEMBERS_CHANGES, type Members } from './members.js'
import { DELAYS, RESPONSES } from './response.js'

/** Header of a response that names its faults. */
const FAULT_HEADER = 'X-Mock-Fault'

export interface HttpFaults {
  /** Runs before the handler, so that a request with another response has no effect and uses nothing up. */
  before(request: FastifyRequest, reply: FastifyReply): Promise<unknown>
  /** Changes a successful response before it is serialized. A refusal is a string already. */
  changeMembers(request: FastifyRequest, reply: FastifyReply, payload: Members): Promise<unknown>
  /** Changes the response as it is sent. The journal gets the whole body. */
  send(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown>
}

/** Functions of the server that faults use. */
interface ServerFunctions {
  /** Writes the exchange to the journal; without a payload, an exchange without a response. */
  record(request: FastifyRequest, reply: FastifyReply, payload?: unknown): Promise<void>
  /** Returns the method and the path of a request. */
  describe(request: FastifyRequest): string
}

export function createHttpFaults(server: Server, { record, describe }: ServerFunctions): HttpFaults {
  const reset = followConnections(server)
  const abandon = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    void record(request, reply)
    return reply
  }
  return {
    before: async (request, reply) => {
      const delay = await findHttpFault(request, 'http_delay')
      if (delay !== undefined && !(await DELAYS[delay.fault](delay, reply))) return abandon(request, reply)
      const { facts } = request.ctx.exchange
      const rule = await findHttpFault(request, 'http_response', (name) => RESPONSES[name].fits?.(facts) ?? true)
      return rule && RESPONSES[rule.fault].answer(rule, { request, reply, reset, describe, abandon })
    },
    changeMembers: async (request, _reply, payload) => {
      const fits = (name: FaultAt<'http_members'>) => MEMBERS_CHANGES[name].fits?.(payload) ?? true
      const rule = await findHttpFault(request, 'http_members', fits)
      return rule === undefined ? payload : MEMBERS_CHANGES[rule.fault].change(payload, rule, request.ctx)
    },
    send: async (request, reply, payload) => {
      // A request for an invalid issuer has no context.
      if (request.ctx === null) return payload
      const fits = (name: FaultAt<'http_body'>) => BODY_CHANGES[name].fits({ request, reply, payload })
      const rule = await findHttpFault(request, 'http_body', fits)
      const { text, sent } =
        rule === undefined
          ? { text: payload, sent: payload }
          : BODY_CHANGES[rule.fault].change(String(payload), rule, reply)
      announce(request, reply)
      await record(request, reply, text)
      return sent
    },
  }
}

/** Names the faults of the response in a header, unless a rule sets this header. */
function announce({ ctx }: FastifyRequest, reply: FastifyReply): void {
  const { announced } = ctx.exchange
  if (announced.size > 0 && !reply.hasHeader(FAULT_HEADER)) reply.header(FAULT_HEADER, [...announced].join(', '))
}

/** Finds a fault of the endpoint. A preflight request (Fetch §3.2.2) passes. */
async function findHttpFault<D extends FaultDoor>(
  { ctx, method }: FastifyRequest,
  door: D,
  fits: (name: FaultAt<D>) => boolean = () => true,
): Promise<Applicable<FaultAt<D>> | undefined> {
  const { endpoint } = ctx.exchange.facts
  if (endpoint === undefined || method === 'OPTIONS') return undefined
  const happensHere = (name: FaultAt<D>) => FAULT_CATALOGUE[name].endpoints.some((one) => one === endpoint)
  return findFault(ctx, door, { fits: (name) => happensHere(name) && fits(name) })
}

/** One server for every app of a test file: registering the routes takes longer than most tests. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { createServer, type Foundation } from '../src/server.js'

/** The app that handles a request: its foundation and the destination of its log. */
export interface Handler extends Foundation {
  write(line: string): void
}

const HANDLER = new AsyncLocalStorage<Handler>()
/** The servers by the settings that are fixed when a server is created. */
const SERVERS = new Map<string, Promise<FastifyInstance>>()

/** Injects a request into the shared server on behalf of one app. */
export function injectShared(handler: Handler, request: InjectOptions | string): Promise<LightMyRequestResponse> {
  return HANDLER.run(handler, async () => (await findServer(handler)).inject(request))
}

function findServer({ current, schema }: Handler): Promise<FastifyInstance> {
  const { body_limit, host, admin_port } = current().config.server
  const fixed = JSON.stringify({ body_limit, host, admin_port })
  const handler = () => HANDLER.getStore()!
  const server =
    SERVERS.get(fixed) ??
    createServer({
      current: () => handler().current(),
      findIssuer: (name) => handler().findIssuer(name),
      health: () => handler().health(),
      outbound: {
        getDocument: (...call) => handler().outbound.getDocument(...call),
        postForm: (...call) => handler().outbound.postForm(...call),
      },
      reload: () => handler().reload(),
      schema,
      log: pino({ level: 'debug' }, { write: (line: string) => handler().write(line) }),
    })
  SERVERS.set(fixed, server)
  return server
}

/** The bodies of requests: forms and JSON within bounds, read in turns. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { parse as parseForm } from 'node:querystring'
import { finished } from 'node:stream'
import { promisify } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { checkJson } from '../store/json.js'
import { createTurns } from '../store/turns.js'
import { unreadableBody } from './refusal.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Text of a form or JSON body, for the journal. */
    raw_body: string | undefined
  }
}

/** Content type of a merge patch. RFC 7396 §4. */
export const MERGE_PATCH = 'application/merge-patch+json'

/** Largest number of parameters of a form. */
const MAX_PARAMETERS = 1000

/** Bytes of a large body. */
const LARGE = 16 * 1024
/** Largest number of large bodies that are being received: `server.body_limit` times this is their memory. */
const MOST_LARGE = 64

type ParseJson = (request: FastifyRequest, text: string) => Promise<unknown>

/** Accepts forms and JSON as bodies; an empty JSON body counts as no body. */
export function readBodies(app: FastifyInstance): void {
  app.decorateRequest('raw_body', undefined)
  const parseJson = promisify(app.getDefaultJsonParser('error', 'error')) as ParseJson
  const turn = createTurns()
  const receive = createReceiver()
  app.addHook('preParsing', async ({ headers, raw }) => {
    if (isLarge(headers)) receive(raw)
  })
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<string>(
    ['application/json', MERGE_PATCH],
    { parseAs: 'string' },
    async (request: FastifyRequest, text: string) => {
      request.raw_body = text
      await turn()
      if (text === '') return undefined
      withinBounds(request, () => checkJson(text))
      return parseJson(request, text)
    },
  )
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (request: FastifyRequest, text: string) => {
      request.raw_body = text
      await turn()
      withinBounds(request, () => checkForm(text))
      return { ...parseForm(text, '&', '=', { maxKeys: 0 }) }
    },
  )
}

/** A body of unknown length can be large. */
const isLarge = ({ 'content-length': length, 'transfer-encoding': coding }: IncomingHttpHeaders) =>
  coding !== undefined || Number(length) > LARGE

/**
 * Creates a function that notes a request whose large body is being received. Beyond the bound, the connection with the
 * oldest one is closed: a client that sends its body slowly must not keep others waiting.
 */
function createReceiver(): (request: IncomingMessage) => void {
  const receiving = new Set<IncomingMessage>()
  return (request) => {
    const [oldest] = receiving
    if (receiving.size >= MOST_LARGE) oldest!.destroy()
    receiving.add(request)
    // The body is complete, or the connection is closed.
    finished(request, () => void receiving.delete(request))
  }
}

function checkForm(text: string): void {
  const { length } = text.split('&', MAX_PARAMETERS + 1)
  if (length > MAX_PARAMETERS) throw new Error(`has more parameters than the expected ${MAX_PARAMETERS}`)
}

/** Refuses a body that exceeds a bound. RFC 9110 §15.5.14. */
function withinBounds(request: FastifyRequest, check: () => void): void {
  try {
    check()
  } catch (error) {
    throw unreadableBody(request, `the body ${(error as Error).message}`, 413)
  }
}

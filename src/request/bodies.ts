/** The bodies of requests: forms and JSON within bounds, read in turns. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
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

/** Bytes of a larger body, which takes many times its size in memory until its response is sent. */
const LARGE = 16 * 1024
/** Largest number of requests with a large body that are in progress. */
const MOST_LARGE = 16

type ParseJson = (request: FastifyRequest, text: string) => Promise<unknown>

/** Accepts forms and JSON as bodies; an empty JSON body counts as no body. */
export function readBodies(app: FastifyInstance): void {
  app.decorateRequest('raw_body', undefined)
  const parseJson = promisify(app.getDefaultJsonParser('error', 'error')) as ParseJson
  const turn = createTurns()
  const start = createLine()
  app.addHook('preParsing', async ({ headers }, { raw }, body) => {
    if (isLarge(headers)) await start(raw)
    return body
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

/** Creates a line of requests with large bodies. The returned function resolves when the body of a request can be read. */
function createLine(): (response: ServerResponse) => Promise<void> {
  const reading = new Set<ServerResponse>()
  const waiting = new Map<ServerResponse, () => void>()
  const admit = () => {
    for (const [response, start] of waiting) {
      if (reading.size >= MOST_LARGE) return
      waiting.delete(response)
      reading.add(response)
      start()
    }
  }
  return (response) =>
    new Promise((resolve) => {
      waiting.set(response, resolve)
      // The response is sent, or its connection is closed.
      finished(response, () => {
        waiting.delete(response)
        reading.delete(response)
        admit()
      })
      admit()
    })
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

/** Door for faults of a response as it is sent: a cut, slow or broken body, or headers that do not fit it. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FaultAt } from '../../catalogue.js'
import type { FaultRule } from '../../rules.js'
import { millisecondsOf } from './response.js'

/** A response before it is sent. */
interface Sending {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly payload: unknown
}

interface ChangedBody {
  /** The whole body, for the journal. */
  readonly text: string
  readonly sent: string | Readable
}

interface BodyChange {
  /** Returns whether the fault can happen to the response. */
  fits(response: Sending): boolean
  change(payload: string, rule: FaultRule, reply: FastifyReply): ChangedBody
}

const hasBody = ({ request, payload }: Sending) =>
  request.method !== 'HEAD' && typeof payload === 'string' && payload !== ''
const isSuccess = (response: Sending) => hasBody(response) && response.reply.statusCode < 300

const asText = (text: string): ChangedBody => ({ text, sent: text })

/** Removes the last character, without which a JSON object is not complete. A page is no JSON anyway. */
const breakJson: BodyChange['change'] = (payload, _rule, reply) => {
  reply.type('application/json; charset=utf-8')
  return asText(payload.trimEnd().slice(0, -1))
}

const changeType: BodyChange['change'] = (payload, { content_type }, reply) => {
  const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
  reply.header('content-type', content_type ?? (isPage ? 'application/json' : 'text/html'))
  return asText(payload)
}

export const BODY_CHANGES: Readonly<Record<FaultAt<'http_body'>, BodyChange>> = {
  'http.truncate': { fits: hasBody, change: truncate },
  'http.slow_body': {
    fits: hasBody,
    change: (text, { bytes = 1, delay = '100ms' }, reply) => {
      const body = Buffer.from(text)
      reply.header('content-length', body.length)
      return { text, sent: drip(body, bytes, () => millisecondsOf(delay)) }
    },
  },
  'http.malformed_json': { fits: hasBody, change: breakJson },
  'discovery.invalid_json': { fits: isSuccess, change: breakJson },
  'http.wrong_content_type': { fits: hasBody, change: changeType },
  'token.wrong_content_type': { fits: isSuccess, change: changeType },
  'http.gzip_garbage': {
    fits: hasBody,
    change: (text, _rule, reply) => {
      reply.header('content-encoding', 'gzip')
      return asText(text)
    },
  },
  // The page replaces the redirect to the client or the login page, so that no link leads back.
  'authorize.html_500': {
    fits: ({ reply }) => reply.statusCode < 400,
    change: (_payload, { fault }, reply) => {
      reply.code(500).removeHeader('location').type('text/html; charset=utf-8')
      return asText(`${PAGE}<p>The fault ${fault} is in force.</p>\n`)
    },
  },
}

/** A plain error page of a server. */
const PAGE =
  '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Internal Server Error</title><h1>Internal Server Error</h1>'

/** Announces the whole length and closes the connection after a part, so that the client does not wait for the rest. */
function truncate(text: string, { bytes }: FaultRule, reply: FastifyReply): ChangedBody {
  const body = Buffer.from(text)
  const part = body.subarray(0, Math.min(bytes ?? Math.floor(body.length / 2), body.length - 1))
  reply.header('content-length', body.length).header('connection', 'close')
  return { text, sent: Readable.from([part], { objectMode: false }) }
}

/** Sends some bytes after each pause. Stops when the client closes the connection. */
function drip(body: Buffer, bytes: number, pause: () => number): Readable {
  let sent = 0
  let timer: NodeJS.Timeout | undefined
  return new Readable({
    read() {
      timer = setTimeout(() => {
        const next = body.subarray(sent, sent + bytes)
        sent += bytes
        this.push(next.length === 0 ? null : next)
      }, pause())
    },
    destroy(error, done) {
      clearTimeout(timer)
      done(error)
    },
  })
}

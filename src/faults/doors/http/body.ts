/** What is wrong with an answer as it leaves: its body cut, slowed down or broken, or not what its headers say. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FaultName } from '../../row.js'
import type { FaultRule } from '../../rules.js'
import { millisecondsOf } from './instead.js'

interface Answer {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly payload: unknown
}

interface Altered {
  /** What the answer says, for the journal. */
  readonly text: string
  /** What leaves. */
  readonly sent: string | Readable
}

interface Alteration {
  fits(answer: Answer): boolean
  alter(payload: string, rule: FaultRule, reply: FastifyReply): Altered
}

const tableOf = <N extends FaultName>(table: Readonly<Record<N, Alteration>>) => table

const hasBody = ({ request, payload }: Answer) =>
  request.method !== 'HEAD' && typeof payload === 'string' && payload !== ''
const isGood = (answer: Answer) => hasBody(answer) && answer.reply.statusCode < 300

const asText = (text: string): Altered => ({ text, sent: text })

/** Without its last character no JSON object is whole; and no page is one. */
const brokenJson: Alteration['alter'] = (payload, _rule, reply) => {
  reply.type('application/json; charset=utf-8')
  return asText(payload.trimEnd().slice(0, -1))
}

const otherType: Alteration['alter'] = (payload, { content_type }, reply) => {
  const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
  reply.header('content-type', content_type ?? (isPage ? 'application/json' : 'text/html'))
  return asText(payload)
}

export const BODIES = tableOf({
  'http.truncate': { fits: hasBody, alter: truncate },
  'http.slow_body': {
    fits: hasBody,
    alter: (text, { bytes = 1, delay = '100ms' }, reply) => {
      const body = Buffer.from(text)
      reply.header('content-length', body.length)
      return { text, sent: drip(body, bytes, () => millisecondsOf(delay)) }
    },
  },
  'http.malformed_json': { fits: hasBody, alter: brokenJson },
  'discovery.invalid_json': { fits: isGood, alter: brokenJson },
  'http.wrong_content_type': { fits: hasBody, alter: otherType },
  'token.wrong_content_type': { fits: isGood, alter: otherType },
  'http.gzip_garbage': {
    fits: hasBody,
    alter: (text, _rule, reply) => {
      reply.header('content-encoding', 'gzip')
      return asText(text)
    },
  },
  // Once it is known who logs in, or where the answer would go: the page takes its place, and nothing leads back.
  'authorize.html_500': {
    fits: ({ reply }) => reply.statusCode < 400,
    alter: (_payload, { fault }, reply) => {
      reply.code(500).removeHeader('location').type('text/html; charset=utf-8')
      return asText(`${PAGE}<p>The fault ${fault} is in force.</p>\n`)
    },
  },
})

/** As servers say it that have nothing else to say. */
const PAGE =
  '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Internal Server Error</title><h1>Internal Server Error</h1>'

/** The length promises all; the connection ends once a part of it has left, so that nobody waits for the rest. */
function truncate(text: string, { bytes }: FaultRule, reply: FastifyReply): Altered {
  const body = Buffer.from(text)
  const part = body.subarray(0, Math.min(bytes ?? Math.floor(body.length / 2), body.length - 1))
  reply.header('content-length', body.length).header('connection', 'close')
  return { text, sent: Readable.from([part], { objectMode: false }) }
}

/** So many bytes at a time, each after a while. It stops when nobody listens any more. */
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

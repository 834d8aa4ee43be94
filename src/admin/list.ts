/** Sends lists as they are read: a long one neither fills the memory nor delays other requests. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Number of characters that are sent together. */
const CHUNK = 65_536

/** Sends a JSON object whose only member is a list, one item per line. An item is read after the client has received those before it. */
export function sendList(reply: FastifyReply, name: string, items: AsyncIterable<object>): FastifyReply {
  return sendTexts(reply, writeList(name, items))
}

async function* writeList(name: string, items: AsyncIterable<object>): AsyncGenerator<string, void, undefined> {
  yield `{"${name}":[`
  let separator = '\n'
  for await (const item of items) {
    yield separator + JSON.stringify(item)
    separator = ',\n'
  }
  yield '\n]}\n'
}

/** Sends JSON of many texts. They are read as the client receives them. */
export function sendTexts(reply: FastifyReply, texts: AsyncIterable<string>): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(Readable.from(joinTexts(texts), { highWaterMark: 1 }))
}

async function* joinTexts(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let joined = ''
  for await (const text of texts) {
    joined += text
    if (joined.length < CHUNK) continue
    yield joined
    joined = ''
  }
  yield joined
}

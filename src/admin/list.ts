/** Sends lists as they are read: a long one neither fills the memory nor delays other requests. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Number of characters that are sent together. */
const CHUNK = 65_536

/** Sends a JSON object whose only member is a list, one item per line. An item is read after the client has received those before it. */
export function sendList(reply: FastifyReply, name: string, items: AsyncIterable<object>): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(Readable.from(writeList(name, items), { highWaterMark: 1 }))
}

async function* writeList(name: string, items: AsyncIterable<object>): AsyncGenerator<string, void, undefined> {
  let text = `{"${name}":[`
  let separator = '\n'
  for await (const item of items) {
    text += separator + JSON.stringify(item)
    separator = ',\n'
    if (text.length < CHUNK) continue
    yield text
    text = ''
  }
  yield `${text}\n]}\n`
}

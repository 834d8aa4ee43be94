/** Bounds the request line and the headers of a request. RFC 6585 §5. */
import type { FastifyRequest } from 'fastify'
import { headersTooLarge } from '../errors.js'

/**
 * Throws if the request line and the headers of a request have more bytes than allowed.
 * @param most the number of `server.max_header_size`.
 */
export function requireFittingHeaders({ raw }: FastifyRequest, most: number): void {
  const fields = [['the request line', `${raw.method} ${raw.url} HTTP/1.1`] as const, ...pairsOf(raw.rawHeaders)]
  const sizes = fields.map(([name, value]) => ({ name, size: value.length }))
  const total = sizes.reduce((sum, { name, size }) => sum + name.length + size + SEPARATORS, 0)
  if (total <= most) return
  const largest = sizes.reduce((before, one) => (one.size > before.size ? one : before))
  const advice = ADVICE[largest.name.toLowerCase()] ?? ''
  throw headersTooLarge(
    `the request line and headers have ${total} bytes, expected at most ${most}, the server.max_header_size; ${largest.name} has ${largest.size}${advice}`,
  )
}

/** The colon, the space and the line break of a header. */
const SEPARATORS = 4

const ADVICE: Readonly<Record<string, string>> = {
  cookie: ': browsers send the cookies of a host to all of its ports, so delete those of other applications',
  'the request line': ': send long parameters in the body of a POST request',
}

function pairsOf(list: readonly string[]): (readonly [string, string])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]!] as const] : []))
}

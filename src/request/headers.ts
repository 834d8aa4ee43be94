/** Bounds the request line and the headers of a request. RFC 6585 §5. */
import type { FastifyRequest } from 'fastify'
import { headersTooLarge } from '../errors.js'

/**
 * Throws if the request line and the headers of a request have more bytes than allowed.
 * @param most the number of `server.max_header_size`.
 */
export function requireFittingHeaders({ raw }: FastifyRequest, most: number): void {
  const line = `${raw.method} ${raw.url} HTTP/1.1`
  const total = raw.rawHeaders.reduce((sum, text) => sum + text.length + SEPARATOR, line.length + SEPARATOR)
  if (total <= most) return
  const { name, size } = findLargest(line, raw.rawHeaders)
  const advice = ADVICE[name.toLowerCase()] ?? ''
  throw headersTooLarge(
    `the request line and headers have ${total} bytes, expected at most ${most}, the server.max_header_size; ${name} has ${size}${advice}`,
  )
}

/** The colon and the space after a name, and the line break after a value. */
const SEPARATOR = 2

const ADVICE: Readonly<Record<string, string>> = {
  cookie: ': browsers send the cookies of a host to all of its ports, so delete those of other applications',
  'the request line': ': send long parameters in the body of a POST request',
}

/** Finds the largest of the request line and the values of a list of names and values. */
function findLargest(line: string, list: readonly string[]): { readonly name: string; readonly size: number } {
  const values = list.flatMap((value, index) =>
    index % 2 === 1 ? [{ name: list[index - 1]!, size: value.length }] : [],
  )
  return values.reduce((largest, one) => (one.size > largest.size ? one : largest), {
    name: 'the request line',
    size: line.length,
  })
}

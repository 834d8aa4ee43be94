/** The format of answers: errors as JSON (RFC 6749 §5.2) or as a page, never a failure. */
import type { LightMyRequestResponse } from 'fastify'
import { findRouteAt } from '../src/routes.js'

/** Characters of `error` and `error_description`. RFC 6749 §5.2. */
const LEGAL = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/

/**
 * Returns the error code of an answer, `page` for a page, or undefined for a success.
 * @throws if the format is not that of the route at the path.
 */
export function readError(path: string, answer: LightMyRequestResponse): string | undefined {
  const { statusCode, headers, body } = answer
  const type = String(headers['content-type'])
  const problem = (text: string) => new Error(`${path}: ${text}: ${statusCode} ${type} ${body.slice(0, 500)}`)
  if (statusCode >= 500) throw problem('a failure')
  // RFC 9110 §5.5: a line break in a parameter must not start another header.
  if (headers['x-injected'] !== undefined) throw problem('an injected header')
  if (statusCode < 300) return undefined
  if (statusCode < 400) {
    const { searchParams, hash } = new URL(String(headers.location), 'http://localhost')
    return searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error') ?? undefined
  }
  if (body === '') return String(statusCode)
  // A path that this issuer does not have is refused in the format that the caller prefers.
  const { answer: format = 'accepted' } = (statusCode !== 404 && findRouteAt(path)) || {}
  const isPage = type === 'text/html; charset=utf-8'
  if (isPage && format !== 'json' && body.includes('</html>')) return 'page'
  if (isPage || format === 'page') throw problem(`not the format ${format}`)
  if (!type.startsWith('application/json')) throw problem('no JSON')
  const { error, error_description } = JSON.parse(body) as Record<string, string>
  if (!LEGAL.test(error!) || !LEGAL.test(error_description!)) throw problem('illegal characters')
  return error
}

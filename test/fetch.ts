/** A `fetch` with a certificate authority, which the global one does not support. */
import { type Agent, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { buffer } from 'node:stream/consumers'

export interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** Creates a `fetch` that follows no redirects. Each call opens a connection unless an agent keeps connections. */
export function createFetch(
  ca?: string,
  agent: Agent | false = false,
): (url: string, sent?: Sent) => Promise<Response> {
  return (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const form = body instanceof URLSearchParams
      const all = { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers }
      const options = { method, headers: all, agent, ...(ca !== undefined && { ca }) }
      const request = url.startsWith('https:') ? requestHttps(url, options) : requestHttp(url, options)
      request.on('error', reject).on('response', (response) => {
        const fields = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        )
        buffer(response).then(
          (content) =>
            resolve(
              new Response(content.length === 0 ? null : content, { status: response.statusCode!, headers: fields }),
            ),
          reject,
        )
      })
      request.end(body === undefined || body === null ? undefined : String(body))
    })
}

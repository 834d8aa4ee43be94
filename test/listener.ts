/** A server of a client: records requests and sends configured responses. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface Received {
  readonly method: string | undefined
  /** Path and query. */
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Listener {
  /** URL without a slash at the end. */
  readonly url: string
  readonly received: Received[]
}

/** @param reply returns the response by the number of requests so far; `undefined` for no response. */
export async function listen(
  t: Test,
  reply: (count: number, request: Received) => Reply | undefined = () => ({}),
  host = '127.0.0.1',
): Promise<Listener> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    const came = { method, url, headers, body: Buffer.concat(chunks).toString() }
    received.push(came)
    const answer = reply(received.length, came)
    if (answer !== undefined) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, received }
}

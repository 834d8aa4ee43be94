/** Sends HTTP requests to clients: fetches documents and posts forms. Bounds destinations, number, time and size; follows no redirect. */
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import { unbracketed } from './config/destinations.js'
import type { OutboundSettings } from './config/snapshot.js'

/** Value of the User-Agent header. */
export const USER_AGENT = 'oidc-provider-mock'

/** Response to an outbound request. */
export interface OutboundResponse {
  readonly status: number
  /** Media type in lower case, without parameters; empty without a Content-Type header. */
  readonly type: string
  readonly body: string
}

/** An outbound request failed. The message continues a sentence that begins with the URL. */
export class OutboundError extends Error {}

/** The outbound requests of a provider. */
export interface Outbound {
  /** Fetches a document. @throws {OutboundError} also if the status of the response is not 200. */
  getDocument(settings: OutboundSettings, url: string, accept: string): Promise<OutboundResponse>
  /** Posts a form and returns the response with any status. */
  postForm(settings: OutboundSettings, url: string, form: Readonly<Record<string, string>>): Promise<OutboundResponse>
}

/** Returns the addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

const resolveBySystem: Resolve = (host) => lookup(host, { all: true })

/** Largest number of simultaneous requests of a provider. */
const MOST_REQUESTS = 50
/** Largest number of waiting requests, less than `server.max_connections`: each connection of a client can cause one. */
const MOST_WAITING = 500

/** Creates the outbound requests of a provider. @param resolve returns the addresses that are checked and connected to. */
export function createOutbound(resolve: Resolve = resolveBySystem): Outbound {
  const enqueue = createQueue()
  const call = async (settings: OutboundSettings, url: string, message: Message): Promise<OutboundResponse> => {
    const seconds = settings.timeout / 1000
    const signal = AbortSignal.timeout(settings.timeout)
    let late = `was not requested within ${seconds} s, since ${MOST_REQUESTS} other requests were in progress`
    const task = async () => {
      late = `did not answer within ${seconds} s`
      const target = await findTarget(settings, url, resolve)
      signal.throwIfAborted()
      return await send(settings, target, message, signal)
    }
    try {
      // A lookup cannot be aborted, so it keeps its place in the queue after the timeout.
      return await Promise.race([enqueue(task, signal), rejectAtAbort(signal)])
    } catch (error) {
      if (signal.aborted) throw new OutboundError(late)
      throw error instanceof OutboundError ? error : new OutboundError(`can't be reached: ${reasonOf(error)}`)
    }
  }
  return {
    getDocument: async (settings, url, accept) => {
      const response = await call(settings, url, { method: 'GET', headers: { accept } })
      if (response.status !== 200) throw new OutboundError(`answered ${response.status}, expected 200`)
      return response
    },
    postForm: (settings, url, form) => {
      const headers = { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded' }
      return call(settings, url, { method: 'POST', headers, body: new URLSearchParams(form).toString() })
    },
  }
}

const rejectAtAbort = async (signal: AbortSignal): Promise<never> => {
  await once(signal, 'abort')
  throw signal.reason
}

/** Runs tasks in order, a limited number at the same time. A task whose signal is aborted leaves the queue. */
function createQueue() {
  let running = 0
  const waiting = new Set<() => void>()
  const start = async (signal: AbortSignal) => {
    if (running < MOST_REQUESTS) {
      running += 1
      return
    }
    if (waiting.size >= MOST_WAITING) throw new OutboundError(`was not requested: ${MOST_WAITING} requests are waiting`)
    await new Promise<void>((resolve, reject) => {
      waiting.add(resolve)
      signal.addEventListener('abort', () => waiting.delete(resolve) && reject(signal.reason), { once: true })
    })
  }
  const end = () => {
    const [next] = waiting
    if (next === undefined) running -= 1
    else {
      waiting.delete(next)
      next()
    }
  }
  return async <T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    await start(signal)
    return task().finally(end)
  }
}

/** A request line and its fields, without those that every request has. */
interface Message {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** A URL and the addresses of its host that may be called. */
interface Target {
  readonly url: URL
  readonly addresses: readonly LookupAddress[]
}

/** Resolves the host of a URL and checks its addresses. The request connects to them, so a second answer of DNS changes nothing. */
async function findTarget({ findProblem }: OutboundSettings, text: string, resolve: Resolve): Promise<Target> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const standard = { 'http:': 80, 'https:': 443 }[url?.protocol ?? '']
  if (url === undefined || standard === undefined) throw new OutboundError('is no http or https URL')
  const host = unbracketed(url.hostname)
  const family = isIP(host)
  const port = url.port === '' ? standard : Number(url.port)
  const found = family === 0 ? await resolve(host) : [{ address: host, family }]
  const problems = found.map(({ address }) => findProblem({ host, port, address }))
  const addresses = found.filter((_, index) => problems[index] === undefined)
  if (addresses.length === 0) throw new OutboundError(problems[0] ?? 'has a host without an address')
  return { url, addresses }
}

function send(
  { ca, insecure, max_size }: OutboundSettings,
  { url, addresses }: Target,
  { method, headers, body }: Message,
  signal: AbortSignal,
): Promise<OutboundResponse> {
  const lookup: LookupFunction = (_host, _options, done) => done(null, [...addresses])
  const options = {
    method,
    // A compressed body could grow beyond max_size when decompressed.
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': USER_AGENT },
    agent: false as const,
    signal,
    // With this option, Node tries every address of the lookup.
    autoSelectFamily: true,
    lookup,
  }
  const trust = { rejectUnauthorized: !insecure, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) }
  const request = url.protocol === 'https:' ? requestHttps(url, { ...options, ...trust }) : requestHttp(url, options)
  return readResponse(request, max_size, body)
}

function readResponse(request: ClientRequest, max_size: number, body: string | undefined): Promise<OutboundResponse> {
  const result = new Promise<OutboundResponse>((resolve, reject) => {
    request.on('error', reject)
    // Without a listener for upgrades Node reports neither a response nor an error.
    request.on('upgrade', () => reject(new OutboundError('answered 101, expected a response without an upgrade')))
    request.on('response', async (response) => {
      try {
        const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase()
        if (encoding !== 'identity') {
          throw new OutboundError(`answered with content-encoding ${encoding}, expected none`)
        }
        const chunks: Buffer[] = []
        let size = 0
        for await (const chunk of response as AsyncIterable<Buffer>) {
          chunks.push(chunk)
          size += chunk.length
          if (size > max_size) throw new OutboundError(`answered with more than ${max_size} bytes`)
        }
        const type = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
        resolve({ status: response.statusCode!, type, body: Buffer.concat(chunks).toString() })
      } catch (error) {
        reject(error)
      }
    })
    request.end(body)
  })
  // The listener for errors stays, so a later error of the destroyed request is ignored.
  return result.finally(() => request.destroy())
}

/** Prefixes of OpenSSL error codes for a certificate without a trusted authority. */
const NO_AUTHORITY = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/

function reasonOf(error: unknown): string {
  // A host name with several addresses fails with one error for each address.
  const { errors: [first] = [error] } = error as Partial<AggregateError>
  const { message, code } = first as NodeJS.ErrnoException
  const advice = '; set outbound.ca (--outbound-ca) to its authority, or skip verification with outbound.insecure'
  // Newer versions of Node append advice about flags of their own after a semicolon.
  return NO_AUTHORITY.test(String(code)) ? message.split(';')[0] + advice : message
}

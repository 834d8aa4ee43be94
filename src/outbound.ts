/** Sends HTTP requests to clients: fetches documents and posts forms. Bounds destinations, number, time and size; follows no redirect. */
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import { unbracketed } from './config/destinations.js'
import type { OutboundSettings } from './config/snapshot.js'
import { type Bounds, createQueue, within } from './outbound/queue.js'

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

/** A client can cause any number of documents, so they take no place of a logout, and those of a slow host leave places to others. */
const DOCUMENTS: Bounds = { most: 50, most_of_one: 5, most_waiting: 500 }
const LOGOUTS: Bounds = { most: 50, most_of_one: 25, most_waiting: 500 }

/** Largest number of host names of one kind of requests that are being resolved. A lookup cannot be aborted. */
const MOST_LOOKUPS = 50

/**
 * Creates the outbound requests of a provider.
 * @param resolve returns the addresses that are checked and connected to.
 * @param connections largest number of connections of clients. At most a half of them waits for outbound requests.
 */
export function createOutbound(resolve: Resolve = resolveBySystem, connections = Number.POSITIVE_INFINITY): Outbound {
  const callForDocument = createCall(resolve, within(DOCUMENTS, connections / 4))
  const callForLogout = createCall(resolve, within(LOGOUTS, connections / 4))
  return {
    getDocument: async (settings, url, accept) => {
      const response = await callForDocument(settings, url, { method: 'GET', headers: { accept } })
      if (response.status !== 200) throw new OutboundError(`answered ${response.status}, expected 200`)
      return response
    },
    postForm: (settings, url, form) => {
      const headers = { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded' }
      return callForLogout(settings, url, { method: 'POST', headers, body: new URLSearchParams(form).toString() })
    },
  }
}

type Call = (settings: OutboundSettings, url: string, message: Message) => Promise<OutboundResponse>

function createCall(resolve: Resolve, bounds: Bounds): Call {
  const enqueue = createQueue(bounds)
  const lookUp = createLookup(resolve)
  return async (settings, text, message) => {
    const seconds = settings.timeout / 1000
    const signal = AbortSignal.timeout(settings.timeout)
    let late = `was not requested within ${seconds} s, since other requests were in progress`
    try {
      const destination = readDestination(text)
      const task = async () => {
        late = `did not answer within ${seconds} s`
        const addresses = await findAddresses(settings, destination, lookUp)
        signal.throwIfAborted()
        return await send(settings, { ...destination, addresses }, message, signal)
      }
      return await enqueue(`${destination.host} ${destination.port}`, task, signal)
    } catch (error) {
      if (signal.aborted) throw new OutboundError(late)
      throw error instanceof OutboundError ? error : new OutboundError(`can't be reached: ${reasonOf(error)}`)
    }
  }
}

/** Shares the lookups in progress of a host. */
function createLookup(resolve: Resolve): Resolve {
  const lookups = new Map<string, ReturnType<Resolve>>()
  return (host) => {
    const known = lookups.get(host)
    if (known !== undefined) return known
    if (lookups.size >= MOST_LOOKUPS) throw new Error(`${MOST_LOOKUPS} other hosts are being resolved`)
    const lookup = resolve(host).finally(() => lookups.delete(host))
    lookups.set(host, lookup)
    return lookup
  }
}

/** A request line and its fields, without those that every request has. */
interface Message {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** A URL to call. */
interface Destination {
  readonly url: URL
  readonly host: string
  readonly port: number
}

/** A destination and the addresses of its host that may be called. */
interface Target extends Destination {
  readonly addresses: readonly LookupAddress[]
}

function readDestination(text: string): Destination {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const standard = { 'http:': 80, 'https:': 443 }[url?.protocol ?? '']
  if (url === undefined || standard === undefined) throw new OutboundError('is no http or https URL')
  // RFC 3986 §3.2.1: a stranger would authenticate as a user of another service.
  if (url.username !== '' || url.password !== '') throw new OutboundError('has user information, expected none')
  return { url, host: unbracketed(url.hostname), port: url.port === '' ? standard : Number(url.port) }
}

/** Resolves a host and checks its addresses. The request connects to them, so a second answer of DNS changes nothing. */
async function findAddresses(
  { findProblem }: OutboundSettings,
  { host, port }: Destination,
  lookUp: Resolve,
): Promise<LookupAddress[]> {
  const family = isIP(host)
  const found = family === 0 ? await lookUp(host) : [{ address: host, family }]
  const problems = found.map(({ address }) => findProblem({ host, port, address }))
  const addresses = found.filter((_, index) => problems[index] === undefined)
  if (addresses.length === 0) throw new OutboundError(problems[0] ?? 'has a host without an address')
  return addresses
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

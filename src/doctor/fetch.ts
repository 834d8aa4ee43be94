/** An HTTP GET of a JSON object with limits on time, size and redirects. Failures are part of the result. */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { rootCertificates, TLSSocket } from 'node:tls'
import { isHttpUrl, originOf } from './hosts.js'

/** The result of a fetch. */
export interface Fetched {
  /** The URL after all redirects. */
  readonly url: string
  /** The URLs that redirected, first to last. */
  readonly redirects: readonly string[]
  readonly status?: number
  /** The body, if it is a JSON object. */
  readonly json?: Readonly<Record<string, unknown>>
  /** The `Date` header of the response, in seconds since the epoch. */
  readonly date?: number
  /** Reason why the certificate is not trusted, if the request was sent regardless. */
  readonly untrusted?: string
  /** The error code (`ECONNREFUSED` or one of this file) and its message. */
  readonly failure?: { readonly code: string; readonly message: string }
}

export interface FetchOptions {
  /** Additional trusted certificates, as PEM. */
  readonly ca?: string
  /** Whether certificates of unknown authorities are accepted. */
  readonly insecure: boolean
  /** Time limit for all requests together, in milliseconds. */
  readonly time_limit?: number
}

const TIME_LIMIT = 5000
const LARGEST = 1024 * 1024
const MOST_REDIRECTS = 3

export async function fetchJson(url: string, options: FetchOptions): Promise<Fetched> {
  const signal = AbortSignal.timeout(options.time_limit ?? TIME_LIMIT)
  const redirects: string[] = []
  for (let here = url; ; ) {
    const answer = await get(here, options, signal).catch((error: unknown) => failureOf(error, signal))
    const found = { url: here, redirects, ...answer }
    const target = locationOf(here, found)
    if (target === undefined) return found
    if (originOf(target) !== originOf(here)) return fail(found, 'OFF_HOST', `it redirects to ${target}`)
    if (redirects.length >= MOST_REDIRECTS)
      return fail(found, 'REDIRECTS', `it redirects more than ${MOST_REDIRECTS} times, now to ${target}`)
    redirects.push(here)
    here = target
  }
}

type Answer = Omit<Fetched, 'url' | 'redirects'> & { readonly location?: string }

function get(url: string, { ca, insecure }: FetchOptions, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (!isHttpUrl(url)) {
      throw Object.assign(new Error('it is not an http or https URL'), { code: 'NO_URL' })
    }
    const headers = { accept: 'application/json' }
    const trust = { rejectUnauthorized: !insecure, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) }
    const request = /^https:/i.test(url)
      ? requestHttps(url, { signal, headers, agent: false, ...trust })
      : requestHttp(url, { signal, headers, agent: false })
    request.on('error', reject).on('response', (response) => {
      readAnswer(response).then(resolve, reject)
      response.on('error', reject)
    })
    request.end()
  })
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const { headers, socket } = response
  const status = response.statusCode!
  const date = Date.parse(String(headers.date))
  const facts = {
    status,
    ...(Number.isNaN(date) ? {} : { date: date / 1000 }),
    ...(socket instanceof TLSSocket && !socket.authorized && { untrusted: String(socket.authorizationError) }),
    ...(headers.location !== undefined && status >= 300 && status < 400 && { location: headers.location }),
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > LARGEST)
      return { ...facts, failure: { code: 'TOO_LARGE', message: 'the response is larger than 1 MiB' } }
  }
  const json = parseObject(Buffer.concat(chunks).toString())
  return json === undefined ? facts : { ...facts, json }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function locationOf(url: string, { location }: Answer): string | undefined {
  return location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : undefined
}

function fail({ url, redirects, status, date }: Fetched, code: string, message: string): Fetched {
  const known = { ...(status !== undefined && { status }), ...(date !== undefined && { date }) }
  return { url, redirects, ...known, failure: { code, message } }
}

function failureOf(error: unknown, signal: AbortSignal): Answer {
  if (signal.aborted) return { failure: { code: 'TIMEOUT', message: 'it did not answer within the time limit' } }
  // A name with several addresses fails with an AggregateError that has one error per address.
  const { errors: [first] = [error] } = error as Partial<AggregateError>
  const { code, message } = first as NodeJS.ErrnoException
  // OpenSSL's message for this code refers to its source code.
  return { failure: { code: String(code), message: code === 'EPROTO' ? 'the TLS handshake failed' : message } }
}

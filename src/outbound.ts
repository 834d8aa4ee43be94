/** Sends HTTP requests to clients: fetches documents and posts forms. Bounds time and size and follows no redirect. */
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Outbound } from './config/snapshot.js'

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

/** Fetches a document. @throws {OutboundError} also if the status of the response is not 200. */
export async function getDocument(outbound: Outbound, url: string, accept: string): Promise<OutboundResponse> {
  const response = await send(outbound, url, { accept })
  if (response.status !== 200) throw new OutboundError(`answered ${response.status}, expected 200`)
  return response
}

/** Posts a form and returns the response with any status. */
export function postForm(
  outbound: Outbound,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<OutboundResponse> {
  return send(outbound, url, { accept: '*/*' }, new URLSearchParams(form).toString())
}

async function send(
  outbound: Outbound,
  url: string,
  headers: Record<string, string>,
  body?: string,
): Promise<OutboundResponse> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') throw new OutboundError('is no http or https URL')
  const { ca, insecure, timeout } = outbound
  const signal = AbortSignal.timeout(timeout)
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    // A compressed body could grow beyond max_size when decompressed.
    headers: { ...headers, ...form, 'accept-encoding': 'identity', 'user-agent': USER_AGENT },
    agent: false,
    signal,
  } as const
  const trust = { rejectUnauthorized: !insecure, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) }
  try {
    const request = protocol === 'https:' ? requestHttps(url, { ...options, ...trust }) : requestHttp(url, options)
    return await readResponse(request, outbound.max_size, body)
  } catch (error) {
    if (signal.aborted) throw new OutboundError(`did not answer within ${timeout / 1000} s`)
    throw error instanceof OutboundError ? error : new OutboundError(`can't be reached: ${reasonOf(error)}`)
  }
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

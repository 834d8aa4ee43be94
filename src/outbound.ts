/** Calls to others: clients' documents and logout tokens. One request, bounded in time and size, that follows no redirect. */
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Outbound } from './config/snapshot.js'

/** By which a server knows that a provider calls, and no browser. */
export const USER_AGENT = 'oidc-provider-mock'

/** What came back. */
export interface Answer {
  readonly status: number
  /** The media type, in small letters and without parameters; empty where there is none. */
  readonly type: string
  readonly body: string
}

/** Why there is no answer, as the end of a sentence that begins with the URL. */
export class OutboundError extends Error {}

/** Asks for a document. An answer other than 200 is an OutboundError, too. */
export async function getDocument(outbound: Outbound, url: string, accept: string): Promise<Answer> {
  const answer = await call(outbound, url, { accept })
  if (answer.status !== 200) throw new OutboundError(`answered ${answer.status}, expected 200`)
  return answer
}

/** Posts a form; resolves with whatever the answer's status is. */
export function postForm(outbound: Outbound, url: string, form: Readonly<Record<string, string>>): Promise<Answer> {
  return call(outbound, url, { accept: '*/*' }, new URLSearchParams(form).toString())
}

async function call(outbound: Outbound, url: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:') throw new OutboundError('is no http or https URL')
  const { ca, insecure, timeout } = outbound
  const signal = AbortSignal.timeout(timeout)
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    // What nobody asked to be compressed can't be a bomb.
    headers: { ...headers, ...form, 'accept-encoding': 'identity', 'user-agent': USER_AGENT },
    agent: false,
    signal,
  } as const
  const trust = { rejectUnauthorized: !insecure, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) }
  try {
    const request = protocol === 'https:' ? requestHttps(url, { ...options, ...trust }) : requestHttp(url, options)
    return await answerTo(request, outbound.max_size, body)
  } catch (error) {
    if (signal.aborted) throw new OutboundError(`did not answer within ${timeout / 1000} s`)
    throw error instanceof OutboundError ? error : new OutboundError(`can't be reached: ${reasonOf(error)}`)
  }
}

function answerTo(request: ClientRequest, max_size: number, body: string | undefined): Promise<Answer> {
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    // Nobody asked for another protocol; without a listener there would never be an answer nor an error.
    request.on('upgrade', () => reject(new OutboundError('answered 101, expected an answer and no other protocol')))
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
  // What fails from then on still finds the listener for errors, and is of no interest to anybody.
  return answer.finally(() => request.destroy())
}

/** How the codes of OpenSSL begin where nobody who is trusted vouches for a certificate. */
const NO_AUTHORITY = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/

function reasonOf(error: unknown): string {
  // A name with several addresses fails with an error that holds one for each.
  const { errors: [first] = [error] } = error as Partial<AggregateError>
  const { message, code } = first as NodeJS.ErrnoException
  const advice = '; give its authority as outbound.ca (--outbound-ca), or verify nothing with outbound.insecure'
  // Newer versions of Node advise on their own flags after a semicolon.
  return NO_AUTHORITY.test(String(code)) ? message.split(';')[0] + advice : message
}

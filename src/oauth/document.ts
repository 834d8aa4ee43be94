/** Reads documents of clients from their URLs: keys, request objects and lists of redirect URIs. */
import type { Context } from '../context.js'
import { shown, shownUrl } from '../errors.js'
import { JsonBoundError, parseJson } from '../store/json.js'

/** A document of a client. */
export interface ClientDocument<T> {
  /** Name of the parameter or the member of client metadata that has the URL. */
  readonly member: 'jwks_uri' | 'request_uri' | 'sector_identifier_uri'
  readonly url: string
  /** Accepted media types; an empty text for a response without one. */
  readonly types: readonly string[]
  /** Parses the body. Throws an Error whose message continues a sentence that begins with the URL. */
  parse(body: string): T
}

/**
 * Fetches and parses a document. The reason of a failure is only in the log and the journal: in a response to strangers, it
 * would describe the network of the provider.
 * @throws an Error whose message tells that the document cannot be used.
 */
export async function readDocument<T>(ctx: Context, { member, url, types, parse }: ClientDocument<T>): Promise<T> {
  try {
    const accept = types.filter((type) => type.includes('/')).join(', ')
    const { type, body } = await ctx.outbound.getDocument(ctx.snapshot.outbound, url, accept)
    if (!types.includes(type)) {
      throw new Error(`has the content type ${shown(type) || 'missing'}, expected ${types[0]}`)
    }
    return parse(body)
  } catch (error) {
    const subject = `${member} ${shownUrl(url)}`
    const remark = { event: 'document_unusable', message: `${subject} ${(error as Error).message}` } as const
    ctx.exchange.remarks.push({ ...remark, details: {} })
    ctx.log.warn({ event: remark.event }, remark.message)
    const { flow_id } = ctx.exchange
    const flow = flow_id === undefined ? '' : ` for flow_id ${flow_id}`
    throw new Error(`${subject} cannot be used; the log and the journal have the reason${flow}`)
  }
}

/** Parses the body of a JSON document within the bounds of JSON. */
export function readJson(body: string): unknown {
  try {
    return parseJson(body)
  } catch (error) {
    throw new Error(error instanceof JsonBoundError ? error.message : 'is not valid JSON')
  }
}

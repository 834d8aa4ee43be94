/** Basic credentials of a client, and the readings of them. RFC 6749 §2.3.1 and appendix B, RFC 7617 §2. */
import type { Context } from '../../context.js'
import { type Client, findClient } from '../../directory/clients.js'
import { isSameSecret } from '../secret.js'

/** One reading of Basic credentials. */
export interface BasicReading {
  readonly client_id: string
  /** Undefined if the credentials have no colon. */
  readonly client_secret: string | undefined
  /** Whether this is the reading of RFC 6749 §2.3.1: both halves are form-encoded, and the first colon separates them. */
  readonly form_encoded: boolean
}

/** Number of colons of which each can be the one between client_id and client_secret. */
const MAX_COLONS = 8

/** A well-formed header: the scheme and base64, also with the alphabet of URLs. */
const BASIC = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i
/** Schemes that a refusal can name. A text of no scheme can be a secret. */
const OTHER_SCHEME = /^(?:Bearer|Digest|DPoP|HOBA|Mutual|Negotiate|NTLM|Token)(?= |$)/i

/** Whether the Authorization header is of the scheme Basic. RFC 9110 §11.1: the scheme is case-insensitive. */
export const isBasic = (authorization: string): boolean => /^Basic( |$)/i.test(authorization)

/** Returns the readings of a Basic header, that of the specification first; none if the header is malformed. */
// Departure: RFC 6749 §2.3.1 requires the form encoding of both halves. Many clients omit it.
export function readBasic(authorization: string): BasicReading[] {
  const [, encoded = ''] = BASIC.exec(authorization) ?? []
  const text = decodeText(Buffer.from(encoded, 'base64'))
  const colons = [...text.matchAll(/:/g)].slice(0, MAX_COLONS).map(({ index }) => index)
  const halves = colons.map((colon) => [text.slice(0, colon), text.slice(colon + 1)] as const)
  const readings = halves.length === 0 ? readHalves(text, undefined) : halves.flatMap((pair) => readHalves(...pair))
  const [id, secret = ''] = halves[0] ?? [text]
  // RFC 6749 §2.3.1: a client without an identifier has no credentials.
  if (id === '') return []
  const [client_id, client_secret] = [formDecode(id), formDecode(secret)]
  // Appendix B: encoded text is ASCII.
  const isEncoded = halves.length > 0 && /^[\x20-\x7e]*$/.test(text)
  if (isEncoded && client_id !== undefined && client_secret !== undefined) {
    readings.unshift({ client_id, client_secret, form_encoded: true })
  }
  const distinct = new Map<string, BasicReading>()
  for (const reading of readings) {
    const key = JSON.stringify([reading.client_id, reading.client_secret])
    if (!distinct.has(key)) distinct.set(key, reading)
  }
  return [...distinct.values()]
}

/** Returns the reason why a header has no readings, without its text, which can be a secret. */
export function describeMalformed(authorization: string): string {
  if (!isBasic(authorization)) return `its scheme is ${OTHER_SCHEME.exec(authorization)?.[0] ?? 'not Basic'}`
  if (/^Basic *$/i.test(authorization)) return 'it has no credentials after the scheme'
  return BASIC.test(authorization) ? 'the decoded text has no client_id' : 'its credentials are not base64'
}

/** Returns the readings of two halves, each as it is, as UTF-8 in form encoding, and as ISO 8859-1 in form encoding. */
function readHalves(id: string, secret: string | undefined): BasicReading[] {
  return readingsOf(id).flatMap((client_id) =>
    (secret === undefined ? [undefined] : readingsOf(secret)).map((client_secret) => ({
      client_id,
      client_secret,
      form_encoded: false,
    })),
  )
}

function readingsOf(half: string): string[] {
  const iso = half
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return [...new Set([formDecode(half) ?? half, half, iso])]
}

/** Decodes the form encoding of appendix B; undefined for an invalid escape. */
function formDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** RFC 7617 §2.1: the charset of the credentials is not defined. UTF-8, or else ISO 8859-1, is what clients send. */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

/**
 * Returns the reading whose secret is that of its client, else the one whose client owns the code or token of the request,
 * else the first one of a known client, else the first one of a client that has a grant, else the first.
 */
export async function chooseReading<
  R extends { readonly client_id: string; readonly client_secret?: string | undefined },
>(ctx: Context, readings: readonly [R, ...R[]]): Promise<{ readonly reading: R; readonly client: Client | undefined }> {
  const clients = new Map<string, Client | undefined>()
  for (const { client_id } of readings) {
    if (!clients.has(client_id)) clients.set(client_id, await findClient(ctx, client_id))
  }
  const secretOf = ({ client_id }: R) => clients.get(client_id)?.client_secret
  const reading =
    readings.find((one) => isSame(one.client_secret, secretOf(one))) ?? (await findLikely(ctx, readings, clients))
  return { reading, client: clients.get(reading.client_id) }
}

/** Returns the likeliest of several readings without a secret that is known. */
async function findLikely<R extends { readonly client_id: string }>(
  ctx: Context,
  readings: readonly [R, ...R[]],
  clients: ReadonlyMap<string, Client | undefined>,
): Promise<R> {
  if (clients.size === 1) return readings[0]
  const { flow_id } = ctx.exchange
  const ofFlow = flow_id === undefined ? [] : await ctx.store.grants.listBy('flow_id', flow_id)
  const owner = readings.find(({ client_id }) => ofFlow.some(([, grant]) => grant.client_id === client_id))
  if (owner !== undefined) return owner
  const known = readings.find(({ client_id }) => (clients.get(client_id)?.redirect_uris ?? 'any') !== 'any')
  if (known !== undefined) return known
  for (const reading of readings) {
    if (await hasGrant(ctx, reading.client_id)) return reading
  }
  return readings[0]
}

/** Whether a client has a grant, which tells an unregistered client from any other text. */
export const hasGrant = async ({ store }: Context, client_id: string): Promise<boolean> =>
  (await store.grants.listBy('client_id', client_id)).length > 0

const isSame = (found: string | undefined, expected: string | undefined) =>
  found !== undefined && expected !== undefined && isSameSecret(found, expected)

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

/** Whether the Authorization header is of the scheme Basic. RFC 9110 §11.1: the scheme is case-insensitive. */
export const isBasic = (authorization: string): boolean => /^Basic( |$)/i.test(authorization)

/** Returns the readings of a Basic header, that of the specification first; none if the header is malformed. */
// Departure: RFC 6749 §2.3.1 requires the form encoding of both halves. Many clients omit it.
export function readBasic(authorization: string): BasicReading[] {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization) ?? []
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

/** Returns the reading whose secret is that of its client, else the first one of a known client, else the first. */
export async function chooseReading<
  R extends { readonly client_id: string; readonly client_secret?: string | undefined },
>(ctx: Context, readings: readonly [R, ...R[]]): Promise<{ readonly reading: R; readonly client: Client | undefined }> {
  const clients = new Map<string, Client | undefined>()
  for (const { client_id } of readings) {
    if (!clients.has(client_id)) clients.set(client_id, await findClient(ctx, client_id))
  }
  const secretOf = ({ client_id }: R) => clients.get(client_id)?.client_secret
  const isKnown = ({ client_id }: R) => (clients.get(client_id)?.redirect_uris ?? 'any') !== 'any'
  const reading =
    readings.find((one) => isSame(one.client_secret, secretOf(one))) ?? readings.find(isKnown) ?? readings[0]
  return { reading, client: clients.get(reading.client_id) }
}

const isSame = (found: string | undefined, expected: string | undefined) =>
  found !== undefined && expected !== undefined && isSameSecret(found, expected)

/**
 * Encoders for the DER values of a certificate. ITU-T X.690 §8 and §10.
 * Libraries for certificates patch globals of the process, which can be a user's test, or are megabytes large.
 */

/** Encodes one value: tag, length and content. */
export function der(tag: number, ...content: readonly (Uint8Array | number)[]): Buffer {
  const body = Buffer.concat(content.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)))
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const bytes = length.subarray(length.findIndex((byte) => byte !== 0))
  return Buffer.concat([Uint8Array.of(tag, 0x80 | bytes.length), bytes, body])
}

export const sequence = (...members: readonly Uint8Array[]) => der(0x30, ...members)
export const set = (...members: readonly Uint8Array[]) => der(0x31, ...members)
export const TRUE = der(0x01, 0xff)
export const octets = (content: Uint8Array) => der(0x04, content)
export const text = (value: string) => der(0x0c, Buffer.from(value))

/** Encodes a positive integer. X.690 §8.3: a leading zero byte keeps a set first bit from making it negative. */
export function integer(...bytes: readonly number[]): Buffer {
  return der(0x02, ...(bytes[0]! >= 0x80 ? [0] : []), ...bytes)
}

/** @param unused number of unused bits at the end of the last byte. */
export const bits = (content: Uint8Array, unused = 0) => der(0x03, unused, content)

/** Encodes a context-specific tag; `constructed` if the content is another value. */
export const tagged = (tag: number, content: Uint8Array, constructed = false) =>
  der((constructed ? 0xa0 : 0x80) | tag, content)

/** Encodes an object identifier such as `2.5.29.17`. X.690 §8.19: the first two numbers share a byte; the others are in base 128. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] =>
    value < 0x80 ? [value] : [...base128(Math.floor(value / 0x80)).map((byte) => byte | 0x80), value % 0x80]
  return der(0x06, first * 40 + second, ...rest.flatMap(base128))
}

/** Encodes a time. RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

/**
 * The few forms of DER that a certificate is written in. ITU-T X.690 §8 and §10.
 * Not a library: those that make certificates patch globals of the process, which may be a user's test, or weigh megabytes.
 */

/** One value: its tag, its length, and what it is made of. */
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

/** A positive integer of these bytes. X.690 §8.3: a first bit that is set would make it negative. */
export function integer(...bytes: readonly number[]): Buffer {
  return der(0x02, ...(bytes[0]! >= 0x80 ? [0] : []), ...bytes)
}

/** @param unused how many bits at the end of the last byte don't belong to it. */
export const bits = (content: Uint8Array, unused = 0) => der(0x03, unused, content)

/** A value with a tag that only its place gives a meaning; `constructed` where it holds another value. */
export const tagged = (tag: number, content: Uint8Array, constructed = false) =>
  der((constructed ? 0xa0 : 0x80) | tag, content)

/** X.690 §8.19: `2.5.29.17`. The first two numbers share a byte; the others are in base 128. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] =>
    value < 0x80 ? [value] : [...base128(Math.floor(value / 0x80)).map((byte) => byte | 0x80), value % 0x80]
  return der(0x06, first * 40 + second, ...rest.flatMap(base128))
}

/** RFC 5280 §4.1.2.5: until 2049 with a year of two digits, and from then on with one of four. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

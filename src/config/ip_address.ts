/** Reads IP addresses in every notation. */
import { isIPv4 } from 'node:net'

/** An IP address in one notation: IPv6 as eight groups without leading zeros. */
export interface Address {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
}

/** The beginnings of IPv6 addresses that contain an IPv4 address, and the index of its first group. */
const EMBEDDING: readonly (readonly [string, number])[] = [
  // RFC 4291 §2.5.5: IPv4-compatible and IPv4-mapped. RFC 2765 §2.1: IPv4-translated.
  ['0:0:0:0:0:0:', 6],
  ['0:0:0:0:0:ffff:', 6],
  ['0:0:0:0:ffff:0:', 6],
  // RFC 6052 §2.1 and RFC 8215 §5: translation to IPv4 by NAT64.
  ['64:ff9b:0:0:0:0:', 6],
  ['64:ff9b:1:', 6],
  // RFC 3056 §2: 6to4.
  ['2002:', 1],
]

/**
 * Returns the address that a connection to this text reaches. An IPv4 address in an IPv6 address counts as itself, and an
 * unspecified address counts as loopback.
 */
export function readAddress(text: string): Address {
  if (text === '0.0.0.0') return { address: '127.0.0.1', family: 'ipv4' }
  if (isIPv4(text)) return { address: text, family: 'ipv4' }
  // RFC 4007 §11: a zone is only known to this machine.
  const groups = groupsOf(text.replace(/%.*$/, ''))
  const written = groups.map((group) => group.toString(16)).join(':')
  if (/^(0:){7}[01]$/.test(written)) return { address: '::1', family: 'ipv6' }
  const [, first] = EMBEDDING.find(([beginning]) => written.startsWith(beginning)) ?? []
  if (first === undefined) return { address: written, family: 'ipv6' }
  const bytes = groups.slice(first, first + 2).flatMap((group) => [group >> 8, group & 255])
  return readAddress(bytes.join('.'))
}

/** Returns the eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = [], tail = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
}

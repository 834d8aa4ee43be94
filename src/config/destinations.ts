/** The destinations that outbound calls may reach: the entries of `outbound.allow`, compared with resolved addresses. */
import { BlockList, isIP } from 'node:net'
import { type Address, readAddress } from './ip_address.js'

/** A destination of an outbound call. */
export interface Destination {
  /** Host of the URL, as `URL` normalizes it. */
  readonly host: string
  readonly port: number
  /** The IP address to connect to. */
  readonly address: string
}

/** Returns the problem of a destination that may not be called. It continues a sentence that begins with the URL. */
export type FindProblem = (destination: Destination) => string | undefined

/** An address, or a range of addresses with this prefix length. */
interface Range extends Address {
  readonly prefix: number
  readonly block: BlockList
}

/** An entry of `outbound.allow`: a host name, the end of host names after `*`, or a range; each on one port or on all. */
type Entry = ({ readonly name: string } | { readonly ending: string } | { readonly range: Range }) & {
  readonly port?: number
}

/** Creates the check of destinations. @param allow valid entries; undefined allows all addresses that need no entry. */
export function createDestinationCheck(allow: readonly string[] | undefined): FindProblem {
  const entries = allow?.map((text) => parseEntry(text)!)
  return ({ host, port, address }) => {
    const plain = readAddress(address)
    const listed = entries?.filter((entry) => entry.port === undefined || entry.port === port)
    if (RESERVED.some((reserved) => contains(reserved, plain))) {
      if (listed?.some((entry) => 'range' in entry && isReserved(entry.range) && contains(entry.range, plain))) return
      return `is at ${address}, a link-local or metadata address, which needs an entry of its own in outbound.allow`
    }
    if (listed === undefined || listed.some((entry) => matches(entry, host, plain))) return undefined
    return `is at ${address}, expected a host or an address of outbound.allow (--outbound-allow)`
  }
}

/** Parses an entry of `outbound.allow`; undefined if it is invalid. */
export function parseEntry(text: string): Entry | undefined {
  if (text.includes('/')) return parseRange(text)
  if (isIP(text) !== 0) return { range: single(text) }
  const [, wildcard, host = '', port = ''] =
    /^(\*\.)?(\[[^[\]]+\]|[^.:?#@\\\s*][^:?#@\\\s*]*)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (!URL.canParse(`http://${host}:${port}`) || port === '0') return undefined
  const { hostname } = new URL(`http://${host}`)
  const limit = port === '' ? {} : { port: Number(port) }
  const address = unbracketed(hostname)
  if (isIP(address) === 0) return { ...limit, ...nameOf(withoutDot(hostname), wildcard !== undefined) }
  return wildcard === undefined ? { ...limit, range: single(address) } : undefined
}

/** Removes the brackets of an IPv6 address in a URL. */
export const unbracketed = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1')

/** A host name with a dot at its end is the same absolute name. RFC 1034 §3.1. */
const withoutDot = (name: string) => name.replace(/\.$/, '')

const nameOf = (name: string, wildcard: boolean) => (wildcard ? { ending: `.${name}` } : { name })

function parseRange(text: string): Entry | undefined {
  const [, address = '', bits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const version = isIP(address)
  const prefix = Number(bits)
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined
  const family = version === 4 ? 'ipv4' : 'ipv6'
  // IPv4 addresses in IPv6 count as IPv4, so an IPv6 range of them would match nothing.
  if (readAddress(address).family !== family) return undefined
  return { range: rangeOf(address, family, prefix) }
}

function single(text: string): Range {
  const { address, family } = readAddress(text)
  return rangeOf(address, family, family === 'ipv4' ? 32 : 128)
}

function rangeOf(address: string, family: Address['family'], prefix: number): Range {
  const block = new BlockList()
  block.addSubnet(address, prefix, family)
  return { address, family, prefix, block }
}

// A BlockList compares across families: ::/0 would contain every IPv4 address.
const contains = ({ family, block }: Range, address: Address) =>
  family === address.family && block.check(address.address, family)

function matches(entry: Entry, host: string, address: Address): boolean {
  if ('range' in entry) return contains(entry.range, address)
  const name = withoutDot(host)
  return 'name' in entry ? name === entry.name : name.endsWith(entry.ending)
}

/** Link-local addresses, RFC 3927 §2.1 and RFC 4291 §2.5.6, and the metadata addresses of clouds outside of them. */
const RESERVED = [
  rangeOf('169.254.0.0', 'ipv4', 16),
  rangeOf('fe80::', 'ipv6', 10),
  ...['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16', '192.0.0.192'].map(single),
]

/** Whether a range has only reserved addresses: 0.0.0.0/0 lists none of them. */
const isReserved = (range: Range) => RESERVED.some((one) => range.prefix >= one.prefix && contains(one, range))

/** The `email` of a user who is not listed. RFC 5321 §4.5.3.1 limits its length, RFC 5322 §3.4.1 its characters. */
import { createHash } from 'node:crypto'

/** RFC 5321 §4.5.3.1.1. The schema limits the domain, so that the whole address has at most 254 characters. */
const LONGEST_LOCAL_PART = 64
/** Number of hexadecimal digits of the hash that tells shortened local parts apart. */
const HASH_LENGTH = 16

/**
 * Returns the `email` for a `sub`: the `sub` itself if it is an address or if there is no domain, as in the reference.
 * @param domain an empty text for none.
 */
export function createEmail(sub: string, domain: string): string {
  if (domain === '' || /^[^@]+@[^@]+$/.test(sub)) return sub
  return `${shorten(sub, encodeLocalPart(sub))}@${domain}`
}

/** Percent-encodes what is no dot-atom (RFC 5322 §3.2.3), and the percent sign, so that no two texts have the same result. */
const encodeLocalPart = (sub: string) =>
  sub.replace(/[^A-Za-z0-9!#$&'*+/=?^_`{|}~.-]+|^\.|\.(?=\.|$)/g, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  )

/** Replaces the end of a long local part with a hash of the `sub`. */
function shorten(sub: string, local: string): string {
  if (local.length <= LONGEST_LOCAL_PART) return local
  const hash = createHash('sha256').update(sub).digest('hex').slice(0, HASH_LENGTH)
  // Without the beginning of an encoded byte.
  const start = local.slice(0, LONGEST_LOCAL_PART - HASH_LENGTH - 1).replace(/%.?$/, '')
  return `${start}-${hash}`
}

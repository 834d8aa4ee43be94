/** Checks the domain of the addresses of users who are not listed. */
import { domainToASCII } from 'node:url'
import type { Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import type { Pruned } from '../schema.js'
import { show } from '../show.js'

/** A domain name: RFC 5321 §4.1.2. The last label has a letter (RFC 1123 §2.1), so that no IP address is one. */
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[0-9-]*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

/** Yields a complaint unless the domain is a domain name or empty. */
export function* checkEmailDomain({ default_email_domain: domain = '' }: Pruned<Config>): Iterable<Complaint> {
  if (domain === '' || DOMAIN.test(domain)) return
  const meant = findDomain(domain)
  const advice = meant === undefined ? '' : `; write ${meant}`
  const message = `is ${show(domain, false, '')}, expected a domain name such as example.com, or an empty text${advice}`
  yield { path: ['default_email_domain'], at: 'value', message }
}

/** Finds the domain name in an address or a URL. RFC 5891 §4.4: other characters than those of ASCII are encoded. */
function findDomain(text: string): string | undefined {
  const host = text
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/^[^/]*@/, '')
    .replace(/\.?(:\d*)?([/?#].*)?$/, '')
  const domain = domainToASCII(host)
  return DOMAIN.test(domain) ? domain : undefined
}

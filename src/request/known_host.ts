/** Host names that no page of another site can have, as a defense against DNS rebinding. */
import { type AddressInfo, isIP, type Server } from 'node:net'
import { unbracketed } from '../config/destinations.js'
import type { Snapshot } from '../config/snapshot.js'
import { parseHost } from './origin.js'
import { configuredUrls } from './own_pages.js'

/** Whether only this machine reaches the server. The configured host counts only until the server has an address. */
export const isLocal = (server: Server, host: string) =>
  /^(localhost$|(::ffff:)?127\.|::1$)/i.test((server.address() as AddressInfo | null)?.address ?? host)

/** Returns the name of a Host header in lower case, without the port and the dot of the DNS root. */
export const hostNameOf = (host: string) => parseHost(host).name.toLowerCase().replace(/\.$/, '')

/** Whether the name leads to the provider by itself or by the configuration, and not by the DNS of any site. */
export function isKnownHost(name: string, snapshot: Snapshot): boolean {
  // RFC 6761 §6.3: no DNS has localhost.
  if (/(^|\.)localhost$/.test(name)) return true
  // A page at an IP address cannot move to another one.
  if (isIP(unbracketed(name)) !== 0) return true
  if (configuredUrls(snapshot).some(({ hostname }) => hostname === name)) return true
  return snapshot.config.server.allowed_hosts.some((allowed) => matches(allowed.toLowerCase(), name))
}

/** `*.example` stands for every name below `example`. */
const matches = (allowed: string, name: string) =>
  allowed.startsWith('*.') ? name.endsWith(allowed.slice(1)) : name === allowed

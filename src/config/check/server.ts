/** Checks of the server's settings: whether URLs, paths, proxies, ports and certificates are consistent. */
import { isIP } from 'node:net'
import { compile } from '@fastify/proxy-addr'
import type { Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { findPreset } from '../presets.js'
import type { Pruned } from '../schema.js'
import { show } from '../show.js'

type Found = Iterable<Complaint>
type Server = Pruned<Config['server']>

/** A host name: RFC 1123 §2.1, with underscores for names of containers, and `*` as the first label (RFC 6125 §6.4.3). */
const DNS_NAME = /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$/

/** Yields all inconsistencies. Values that the schema refused are missing in `config` and cause none. */
export function* checkServer(config: Pruned<Config>): Found {
  const server = config.server ?? {}
  yield* checkUrls(config)
  yield* checkBasePath(config, server)
  yield* checkProxies(server)
  yield* checkTls(server)
  yield* checkHttpPort(server)
  yield* checkAdminPort(server)
  yield* checkAllowedHosts(server)
}

/** Returns a path without a slash at its end; an empty text for `/`. */
export function normalizePath(path: string): string {
  return path.replace(/\/+$/, '')
}

/** Whether the configuration asks for https. */
export function hasTls({ tls }: Server): boolean {
  return tls?.self_signed === true || tls?.cert !== undefined || tls?.key !== undefined
}

/**
 * Checks the URLs of the provider. OpenID Connect Core §1.2, RFC 8414 §2: an issuer identifier has scheme, host, and optionally
 * port and path. The schema refuses query and fragment.
 */
function* checkUrls(config: Pruned<Config>): Found {
  for (const name of ['issuer', 'public_url', 'internal_url'] as const) {
    const url = config[name]
    if (url === undefined) continue
    if (/^https?:\/\/[^/]*@/.test(url)) {
      const message = `is ${show(url, false, '')}, expected a URL without user information; remove the text before @ of the host`
      yield { path: [name], at: 'value', message }
    } else if (!URL.canParse(url)) {
      yield { path: [name], at: 'value', message: `is ${show(url, false, '')}, expected a valid host and port` }
    }
  }
}

function* checkBasePath({ public_url, issuer, preset }: Pruned<Config>, { base_path }: Server): Found {
  if (base_path === undefined) return
  const path = ['server', 'base_path']
  const own = normalizePath(base_path)
  if (own.split('/').some((segment) => segment === '.' || segment === '..')) {
    yield { path, at: 'value', message: `is "${base_path}", expected a path without the segments . and ..` }
    return
  }
  const [name, url] = public_url === undefined ? ['issuer', issuer] : ['public_url', public_url]
  if (url === undefined || !URL.canParse(url)) return
  const suffix = name === 'issuer' ? (findPreset(preset, issuer)?.issuer_suffix ?? '') : ''
  const there = normalizePath(new URL(url).pathname).replace(new RegExp(`${normalizePath(suffix)}$`), '')
  if (there === own) return
  const message = `is "${own}", expected "${there}", the path of ${name}; base_path can be left out`
  yield { path, at: 'value', message }
}

function* checkProxies({ trust_forwarded }: Server): Found {
  if (!Array.isArray(trust_forwarded)) return
  for (const [index, proxy] of (trust_forwarded as readonly (string | undefined)[]).entries()) {
    if (proxy === undefined || isProxy(proxy)) continue
    const message = `is ${show(proxy, false, '')}, expected true, false, an IP address, a range such as 10.0.0.0/8, loopback, linklocal or uniquelocal`
    yield { path: ['server', 'trust_forwarded', String(index)], at: 'value', message }
  }
}

function isProxy(text: string): boolean {
  try {
    compile([text])
    return true
  } catch {
    return false
  }
}

function* checkTls({ tls }: Server): Found {
  if (tls === undefined) return
  const at = (member: string, message: string): Complaint => ({ path: ['server', 'tls', member], at: 'value', message })
  const { cert, key, self_signed, names, ca_file, client_certificates, client_ca } = tls
  if ('cert' in tls && !('key' in tls))
    yield at('cert', 'is set, but the private key is missing; set server.tls.key (--tls-key)')
  if ('key' in tls && !('cert' in tls))
    yield at('key', 'is set, but the certificate is missing; set server.tls.cert (--tls-cert)')
  if (self_signed === true && (cert !== undefined || key !== undefined)) {
    yield at('self_signed', 'is true, but a certificate is configured as well; remove one of them')
  }
  if (ca_file !== undefined && self_signed === false) {
    yield at(
      'ca_file',
      'is set, but the certificate is not self-signed; set server.tls.self_signed (--tls-self-signed)',
    )
  }
  if (client_certificates === true && !hasTls({ tls })) {
    yield at('client_certificates', 'is true, but TLS is off; set cert and key, or self_signed')
  }
  if (client_ca !== undefined && client_certificates === false) {
    yield at('client_ca', 'is set, but client certificates are not requested; set client_certificates: true')
  }
  for (const [index, name] of (names ?? []).entries()) {
    if (name === undefined || isIP(name) !== 0 || DNS_NAME.test(name)) continue
    const message = `is ${show(name, false, '')}, expected a host name or an IP address without a port`
    yield { path: ['server', 'tls', 'names', String(index)], at: 'value', message }
  }
}

function* checkHttpPort(server: Server): Found {
  const { http_port, port } = server
  const path = ['server', 'http_port']
  if (http_port === undefined) return
  if (!hasTls(server)) {
    const message = 'is set, but TLS is off; use server.port (--port), or set server.tls'
    yield { path, at: 'value', message }
  } else if (http_port === port && port !== 0) {
    yield { path, at: 'value', message: `is ${http_port}, which is also the port for https; choose another port` }
  }
}

function* checkAdminPort({ admin, admin_port, port, http_port }: Server): Found {
  const path = ['server', 'admin_port']
  if (admin_port === undefined) return
  if (admin === false) {
    yield { path, at: 'value', message: 'is set, but server.admin is false; remove one of them' }
  } else if (admin_port !== 0 && [port, http_port].includes(admin_port)) {
    const name = admin_port === port ? 'server.port' : 'server.http_port'
    yield { path, at: 'value', message: `is ${admin_port}, which is also ${name}; choose another port` }
  }
}

function* checkAllowedHosts({ allowed_hosts = [] }: Server): Found {
  for (const [index, name] of allowed_hosts.entries()) {
    if (name === undefined || DNS_NAME.test(name)) continue
    const message = `is ${show(name, false, '')}, expected a host name such as op.example.test or *.example.test, without a port`
    yield { path: ['server', 'allowed_hosts', String(index)], at: 'value', message }
  }
}

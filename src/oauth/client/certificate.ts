/** TLS certificates that authenticate a client. RFC 8705 §2: https://www.rfc-editor.org/rfc/rfc8705#section-2 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { TLS_CLIENT_AUTH_MEMBERS } from '../../clients/authentication.js'
import { canonicalDn, reverseDn } from '../../clients/distinguished_name.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { invalidClient, shown } from '../../errors.js'
import { hasClientKey } from './keys.js'

/** The certificate of a connection. TLS has verified that the client has its private key. */
export interface ClientCertificate {
  readonly x509: X509Certificate
  /** Whether a trusted authority has issued the certificate. */
  readonly authorized: boolean
}

/** Returns the certificate of a connection; undefined over http and without one. */
export function findClientCertificate(socket: Socket): ClientCertificate | undefined {
  const x509 = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return x509 && { x509, authorized: (socket as TLSSocket).authorized }
}

/** Throws unless a trusted authority has issued the certificate for the name that the client registered. RFC 8705 §2.1. */
export function verifyCertificate(client: Client, { x509, authorized }: ClientCertificate): void {
  if (!authorized) {
    throw invalidClient("the client's certificate is not issued by a trusted authority; see server.tls.client_ca")
  }
  // RFC 8705 §2.1.2: a client with this method has exactly one of the members.
  const member = TLS_CLIENT_AUTH_MEMBERS.find((name) => client[name] !== undefined)!
  const expected = client[member]!
  if (NAMES[member](x509, expected)) return
  const names = [subjectOf(x509) || 'no subject', x509.subjectAltName ?? 'no subjectAltName'].join('; ')
  throw invalidClient(`the client's certificate has the names ${shown(names)}, expected ${member} ${shown(expected)}`)
}

/** Throws unless the certificate has a key that the client registered. RFC 8705 §2.2: no authority is needed. */
export async function verifySelfSigned(ctx: Context, client: Client, { x509 }: ClientCertificate): Promise<void> {
  const known = await hasClientKey(ctx, client, x509.publicKey).catch((error: Error) => {
    throw invalidClient(`the client's certificate ${error.message}`)
  })
  if (!known)
    throw invalidClient(
      `the client's certificate has an unknown key, expected one of client ${shown(client.client_id)}`,
    )
}

const NAMES: Readonly<
  Record<(typeof TLS_CLIENT_AUTH_MEMBERS)[number], (x509: X509Certificate, name: string) => boolean>
> = {
  // A registered name has a canonical form, unlike the subject of a certificate without one.
  tls_client_auth_subject_dn: (x509, name) => canonicalDn(subjectOf(x509)) === canonicalDn(name),
  tls_client_auth_san_dns: (x509, name) =>
    namesOf(x509, 'DNS').some((found) => found.toLowerCase() === name.toLowerCase()),
  tls_client_auth_san_uri: (x509, name) => namesOf(x509, 'URI').includes(name),
  tls_client_auth_san_ip: (x509, name) => x509.checkIP(name) !== undefined,
  tls_client_auth_san_email: (x509, name) => namesOf(x509, 'email').some((found) => mailbox(found) === mailbox(name)),
}

/** Returns the subject. RFC 5280 §4.1.2.6: it can be empty beside alternative names. Node then has none, contrary to its types. */
const subjectOf = ({ subject }: X509Certificate) => reverseDn((subject as string | undefined) ?? '')

/** Returns an address in which only the case of the host is normalized. RFC 5280 §7.5. */
const mailbox = (address: string) => address.replace(/@[^@]*$/, (host) => host.toLowerCase())

/** Returns the alternative names of a type. RFC 5280 §4.2.1.6. Node quotes names that have a comma. */
function namesOf({ subjectAltName = '' }: X509Certificate, type: 'DNS' | 'URI' | 'email'): string[] {
  const found = subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)
  return [...found]
    .filter(([, kind]) => kind === type)
    .map(([, , name = '']) => (name.startsWith('"') ? JSON.parse(name) : name))
}

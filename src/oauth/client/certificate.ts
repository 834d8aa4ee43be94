/** Who a client's TLS certificate says it is. RFC 8705 §2: https://www.rfc-editor.org/rfc/rfc8705#section-2 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { TLS_CLIENT_AUTH_MEMBERS } from '../../clients/authentication.js'
import { canonicalDn, reverseDn } from '../../clients/distinguished_name.js'
import type { Context } from '../../context.js'
import type { Client } from '../../directory/clients.js'
import { invalidClient, shown } from '../../errors.js'
import { hasClientKey } from './keys.js'

/** What a client showed when it connected; that it has the private key, TLS has made sure of. */
export interface ClientCertificate {
  readonly x509: X509Certificate
  /** Whether an authority that is trusted here vouches for it. */
  readonly authorized: boolean
}

/** The certificate of a connection; undefined over plain http, and where the client has shown none. */
export function findClientCertificate(socket: Socket): ClientCertificate | undefined {
  const x509 = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return x509 && { x509, authorized: (socket as TLSSocket).authorized }
}

/** RFC 8705 §2.1: an authority vouches for the certificate, and it has the one name that the client registered. */
export function verifyCertificate(client: Client, { x509, authorized }: ClientCertificate): void {
  if (!authorized) {
    throw invalidClient(
      "the client's certificate is not by an authority that is trusted here; see server.tls.client_ca",
    )
  }
  // Whoever has this method has exactly one of them.
  const member = TLS_CLIENT_AUTH_MEMBERS.find((name) => client[name] !== undefined)!
  const expected = client[member]!
  if (NAMES[member](x509, expected)) return
  const names = [subjectOf(x509) || 'no subject', x509.subjectAltName ?? 'no subjectAltName'].join('; ')
  throw invalidClient(`the client's certificate has the names ${shown(names)}, expected ${member} ${shown(expected)}`)
}

/** RFC 8705 §2.2: nobody vouches for the certificate; its key has to be one of those that the client registered. */
export async function verifySelfSigned(ctx: Context, client: Client, { x509 }: ClientCertificate): Promise<void> {
  const known = await hasClientKey(ctx, client, x509.publicKey).catch((error: Error) => {
    throw invalidClient(`the client's certificate ${error.message}`)
  })
  if (!known)
    throw invalidClient(`the client's certificate has a key that is none of client ${shown(client.client_id)}`)
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

/** RFC 5280 §4.1.2.6: it may be empty where there are alternative names; then Node has none, whatever its types say. */
const subjectOf = ({ subject }: X509Certificate) => reverseDn((subject as string | undefined) ?? '')

/** RFC 5280 §7.5: only the host is without regard to case. */
const mailbox = (address: string) => address.replace(/@[^@]*$/, (host) => host.toLowerCase())

/** RFC 5280 §4.2.1.6: the alternative names of a kind. Node quotes those that have a comma. */
function namesOf({ subjectAltName = '' }: X509Certificate, wanted: 'DNS' | 'URI' | 'email'): string[] {
  const found = subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)
  return [...found]
    .filter(([, kind]) => kind === wanted)
    .map(([, , name = '']) => (name.startsWith('"') ? JSON.parse(name) : name))
}

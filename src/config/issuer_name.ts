/** What an isolated issuer may be called, as in `/issuers/NAME`. */

/** What needs no encoding in a URL (RFC 3986 §2.3), and isn't dots alone. */
export const isIssuerName = (name: string) => /^(?!\.+$)[A-Za-z0-9._~-]{1,64}$/.test(name)

/** The bearer token of a request's header. RFC 6750 §2.1: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
import { missingToken } from '../errors.js'

/** @param what the token, as a sentence calls it. */
export function requireBearerToken(authorization: string | undefined, what: string): string {
  if (authorization === undefined) {
    throw missingToken(`no ${what} came, expected it in an Authorization header of type Bearer`)
  }
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization) ?? []
  // What came is not shown: without its type the header may be the bare token.
  if (token === undefined) throw missingToken(`the Authorization header is not of type Bearer with one ${what}`)
  return token
}

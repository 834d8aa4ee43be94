/** Bearer tokens in the Authorization header. RFC 6750 §2.1: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
import { missingToken } from '../errors.js'

/**
 * Returns the token of the header.
 * @param name the name of the token for messages, such as `access token`.
 */
export function requireBearerToken(authorization: string | undefined, name: string): string {
  if (authorization === undefined) {
    throw missingToken(`the ${name} is missing, expected it in an Authorization header of type Bearer`)
  }
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization) ?? []
  // The message does not quote the header, which may be a token without its type.
  if (token === undefined) throw missingToken(`the Authorization header is invalid, expected Bearer and one ${name}`)
  return token
}

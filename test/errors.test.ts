/** Descriptions stay within the characters that the specifications allow, and tokens never are in them. */
import t from 'tap'
import * as errors from '../src/errors.js'

t.test('RFC 6749 §4.1.2.1: a description has only %x20-21, %x23-5B and %x5D-7E', async (t) => {
  const everything = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code)).join('')
  const { message } = errors.invalidRequest(`${everything}\u{1f600}`)
  t.match(message, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  t.match(message, /ABCDEFGHIJKLMNOPQRSTUVWXYZ/)
})

const REPLACED: [string, string][] = [
  ['a "b" c', "a 'b' c"],
  ['a\\b', 'a?b'],
  ['a\r\nSet-Cookie: x', 'a??Set-Cookie: x'],
  ['größe', 'gr??e'],
  ['\u0000', '?'],
]
for (const [given, expected] of REPLACED) {
  t.equal(errors.invalidGrant(given).message, expected, `${JSON.stringify(given)} becomes ${expected}`)
}

t.test('a description has at most 1000 characters, a quoted value about 200', async (t) => {
  t.equal(errors.invalidScope('x'.repeat(1000)).message, 'x'.repeat(1000))
  t.equal(errors.invalidScope('x'.repeat(1001)).message, `${'x'.repeat(997)}...`)
  t.equal(errors.shown('x'.repeat(200)), 'x'.repeat(200))
  t.equal(errors.shown('x'.repeat(201)), `${'x'.repeat(197)}... (201 characters)`)
})

const CODES: [errors.OAuthError, string, number, string | undefined][] = [
  [errors.invalidRequest('d'), 'invalid_request', 400, undefined],
  [errors.invalidGrant('d'), 'invalid_grant', 400, undefined],
  [errors.invalidScope('d'), 'invalid_scope', 400, undefined],
  [errors.accessDenied('d'), 'access_denied', 400, undefined],
  [errors.unauthorizedClient('d'), 'unauthorized_client', 400, undefined],
  [errors.unsupportedGrantType('d'), 'unsupported_grant_type', 400, undefined],
  [errors.unsupportedResponseType('d'), 'unsupported_response_type', 400, undefined],
  [errors.unsupportedParameter('request'), 'request_not_supported', 400, undefined],
  [errors.unsupportedParameter('request_uri'), 'request_uri_not_supported', 400, undefined],
  [errors.unsupportedParameter('registration'), 'registration_not_supported', 400, undefined],
  [errors.invalidClient('d'), 'invalid_client', 401, undefined],
  [errors.invalidClient('d', 'Basic'), 'invalid_client', 401, 'Basic realm="oidc-provider-mock"'],
  [errors.untrustedClient('d'), 'invalid_client', 400, undefined],
  [errors.missingToken('d'), 'invalid_token', 401, 'Bearer realm="oidc-provider-mock"'],
  [
    errors.invalidToken('a "b"\n'),
    'invalid_token',
    401,
    `Bearer realm="oidc-provider-mock", error="invalid_token", error_description="a 'b'?"`,
  ],
  [
    errors.invalidTokenRequest('d'),
    'invalid_request',
    400,
    'Bearer realm="oidc-provider-mock", error="invalid_request", error_description="d"',
  ],
  [errors.invalidRedirectUri('d'), 'invalid_redirect_uri', 400, undefined],
  [errors.invalidClientMetadata('d'), 'invalid_client_metadata', 400, undefined],
  [errors.notFound('GET /x'), 'not_found', 404, undefined],
  [errors.methodNotAllowed('GET /x', 'POST'), 'method_not_allowed', 405, undefined],
  [errors.serverError(), 'server_error', 500, undefined],
  [errors.unreadableRequest('invalid_request', 'd', 413), 'invalid_request', 413, undefined],
]
for (const [error, code, status, challenge] of CODES) {
  t.test(`${code} has status ${status}${challenge === undefined ? '' : ' and a challenge'}`, async (t) => {
    t.strictSame(error.toJSON(), { error: code, error_description: error.message })
    t.equal(error.status, status)
    t.equal(error.headers['WWW-Authenticate'], challenge)
  })
}

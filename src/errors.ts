/** The errors of the protocol: one class, and one function per error code that creates it. */

/** An OAuth error: `error`, `error_description`, and the status of a direct response. */
export class OAuthError extends Error {
  /** Path of the key of the configuration that decided; shown in the log, not to the client. */
  decided_by?: readonly string[]

  /** @param headers additional headers of a direct response, such as the challenge of a 401. */
  constructor(
    readonly error: string,
    description: string,
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(describe(description))
    this.name = 'OAuthError'
  }

  /** Returns the members of the JSON body or the query parameters. RFC 6749 §5.2. */
  toJSON(): { error: string; error_description: string } {
    return { error: this.error, error_description: this.message }
  }
}

/**
 * Makes a description legal. RFC 6749 §4.1.2.1: its characters are %x20-21 / %x23-5B / %x5D-7E. Descriptions quote
 * request values, so other characters are replaced, and its length is bounded for headers and queries.
 */
function describe(description: string): string {
  const legal = description.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '?')
  return legal.length > 1000 ? `${legal.slice(0, 997)}...` : legal
}

/** Adds the key of the configuration that decided, such as `clients`, the `client_id`, `redirect_uris`. */
export function decidedBy(refusal: OAuthError, ...path: readonly string[]): OAuthError {
  refusal.decided_by = path
  return refusal
}

/** Quotes a request value in a description; long values are cut. */
export function shown(value: string): string {
  return value.length > 200 ? `${value.slice(0, 197)}... (${value.length} characters)` : value
}

/** Takes the place of a text that can be a secret. */
export const HIDDEN = '***'

/** RFC 3986 §3.2.1: the user information of a URL, with or without its scheme, which can have a password. */
const USER_INFORMATION = /(?<=:\/\/).*@|^[^/@]*:(?!\/\/).*@/gs

/** Returns a text without the user information of a URL. */
export const withoutUserInformation = (text: string) => text.replaceAll(USER_INFORMATION, `${HIDDEN}@`)

/** Shows a URL without the parts that can be secrets: user information, query and fragment. */
export const shownUrl = (url: string) => shown(withoutUserInformation(url.split(/[?#]/)[0]!))

// RFC 6749 §4.1.2.1 and §5.2.
export const invalidRequest = (description: string) => new OAuthError('invalid_request', description)
export const invalidGrant = (description: string) => new OAuthError('invalid_grant', description)
export const invalidScope = (description: string) => new OAuthError('invalid_scope', description)
export const accessDenied = (description: string) => new OAuthError('access_denied', description)
export const unauthorizedClient = (description: string) => new OAuthError('unauthorized_client', description)
export const unsupportedGrantType = (description: string) => new OAuthError('unsupported_grant_type', description)
export const unsupportedResponseType = (description: string) => new OAuthError('unsupported_response_type', description)

/** OpenID Connect Core §3.1.2.6: these parameters have their own error codes. */
export const unsupportedParameter = (name: 'request' | 'request_uri' | 'registration') =>
  new OAuthError(`${name}_not_supported`, `${name} is not supported, expected a request without it`)

// OpenID Connect Core §3.1.2.6: errors for requests that must not show a page.
export const loginRequired = (description: string) => new OAuthError('login_required', description)
export const consentRequired = (description: string) => new OAuthError('consent_required', description)
export const invalidRequestUri = (description: string) => new OAuthError('invalid_request_uri', description)
export const invalidRequestObject = (description: string) => new OAuthError('invalid_request_object', description)

/** OpenID Connect Core Error Code unmet_authentication_requirements §2: no login can have the essential acr. */
export const unmetAuthenticationRequirements = (description: string) =>
  new OAuthError('unmet_authentication_requirements', description)

/** RFC 8707 §2: a resource that the provider does not know or that the client may not use. */
export const invalidTarget = (description: string) => new OAuthError('invalid_target', description)

// RFC 8628 §3.5: responses to a poll of the device flow.
export const authorizationPending = (description: string) => new OAuthError('authorization_pending', description)
export const slowDown = (description: string) => new OAuthError('slow_down', description)
export const expiredToken = (description: string) => new OAuthError('expired_token', description)

/** RFC 6749 §5.2: status 401; with a challenge if the client used the Authorization header. */
export const invalidClient = (description: string, scheme?: 'Basic') =>
  new OAuthError('invalid_client', description, 401, scheme ? { 'WWW-Authenticate': CLIENT_CHALLENGE } : {})

/**
 * An untrusted client or redirect_uri at the authorization endpoint.
 * RFC 6749 §4.1.2.1: the end-user is informed and not redirected, so this is a page with status 400.
 */
export const untrustedClient = (description: string) => new OAuthError('invalid_client', description)

// RFC 6750 §3.1.
export const invalidToken = (description: string) => bearerError('invalid_token', description, 401)
export const invalidTokenRequest = (description: string) => bearerError('invalid_request', description, 400)

export const insufficientScope = (description: string) => bearerError('insufficient_scope', description, 403)

/** RFC 6750 §3.1: a request without any token gets a challenge without an error code. */
export const missingToken = (description: string) =>
  new OAuthError('invalid_token', description, 401, { 'WWW-Authenticate': `Bearer realm="${REALM}"` })

// RFC 7591 §3.2.2.
export const invalidRedirectUri = (description: string) => new OAuthError('invalid_redirect_uri', description)
export const invalidClientMetadata = (description: string) => new OAuthError('invalid_client_metadata', description)

export const invalidSoftwareStatement = (description: string) =>
  new OAuthError('invalid_software_statement', description)

// HTTP errors without an OAuth error code, in the same format.
export const notFound = (request: string, meant?: string) =>
  new OAuthError(
    'not_found',
    `${request}: the path does not exist${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    404,
  )
/** The resource of an admin route does not exist. */
export const nothingHere = (description: string) => new OAuthError('not_found', description, 404)
export const serverError = () => new OAuthError('server_error', 'the provider failed; see its log for the reason', 500)

/** The error of a fault, with any code. */
export const declaredError = (error: string, description: string, status?: number) =>
  new OAuthError(error, description, status)

/** RFC 9110 §15.5.14: a record that is larger than any record may be. */
export const contentTooLarge = (description: string) => new OAuthError('invalid_request', description, 413)

/** RFC 6585 §5: the request line or the headers are larger than any may be. */
export const headersTooLarge = (description: string) => new OAuthError('invalid_request', description, 431)

/** RFC 4918 §11.5: no memory is left for the record. RFC 6749 §4.1.2.1 has no closer code. */
export const insufficientStorage = (description: string) => new OAuthError('temporarily_unavailable', description, 507)

/** RFC 9110 §15.6.4: a limit is reached temporarily. */
export const temporarilyUnavailable = (description: string) =>
  new OAuthError('temporarily_unavailable', description, 503, { 'retry-after': '1' })

/** RFC 9110 §15.5.4: a stranger causes the request: a page of another site, or a client whose URL the provider calls. */
export const foreignPage = (description: string) => new OAuthError('access_denied', description, 403)

/** RFC 9110 §15.5.6: the response lists the allowed methods. */
export const methodNotAllowed = (request: string, allow: string) =>
  new OAuthError('method_not_allowed', `${request}: expected one of ${allow}`, 405, { allow })

/** An unreadable request: malformed, too large, or in an unknown format. */
export const unreadableRequest = (
  error: 'invalid_request' | 'invalid_client_metadata',
  description: string,
  status: number,
) => new OAuthError(error, description, status)

const REALM = 'oidc-provider-mock'

/** The challenge for a client that has not authenticated. RFC 7617 §2. */
export const CLIENT_CHALLENGE = `Basic realm="${REALM}"`

function bearerError(error: string, description: string, status: number): OAuthError {
  const { message } = new OAuthError(error, description)
  const challenge = `Bearer realm="${REALM}", error="${error}", error_description="${message}"`
  return new OAuthError(error, description, status, { 'WWW-Authenticate': challenge })
}

/** An application for journeys: it uses a strict provider through established client libraries. */
import * as client from 'openid-client'
import { type Browser, createBrowser } from '../conformance/browser.js'
import type { World } from '../conformance/world.js'

export const REDIRECT_URI = 'https://rp.example.com/callback'
export const POST_LOGOUT_REDIRECT_URI = 'https://rp.example.com/logged_out'

/** Adapts the fetch of a world to the library. */
export function customFetch({ fetch }: Pick<World, 'fetch'>): client.CustomFetch {
  return (url, { method, headers, body }) => fetch(url, { method, headers, body })
}

/** Registers a client. The library checks the response. */
export async function register(
  world: World,
  metadata: Partial<client.ClientMetadata> = {},
  authentication: client.ClientAuth = client.ClientSecretBasic(),
): Promise<client.Configuration> {
  const all = {
    redirect_uris: [REDIRECT_URI],
    post_logout_redirect_uris: [POST_LOGOUT_REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    ...metadata,
  }
  const options = { [client.customFetch]: customFetch(world) }
  const configuration = await client.dynamicClientRegistration(new URL(world.issuer), all, authentication, options)
  // The ID token's signature is verified with the keys of the JWKS endpoint.
  client.enableNonRepudiationChecks(configuration)
  return configuration
}

/** Values that an application keeps between the request and the response. */
export interface Checks {
  readonly pkceCodeVerifier: string
  readonly expectedState: string
  readonly expectedNonce: string
}

export interface Begun {
  readonly parameters: Record<string, string>
  readonly checks: Checks
}

export async function begin(parameters: Record<string, string> = {}): Promise<Begun> {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  }
  const challenge = {
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  return {
    checks,
    parameters: {
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile email',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...challenge,
      ...parameters,
    },
  }
}

export function createUser({ issuer, fetch }: World, sub?: string): Browser {
  return createBrowser(issuer, fetch, sub)
}

/** Opens a URL and returns the authorization response: the URL of the browser, or the request with the form. */
export async function visit(browser: Browser, url: URL): Promise<URL | Request> {
  const { elsewhere, pages } = await browser.open(url.href)
  if (elsewhere === undefined) throw new Error(`the browser stayed at ${pages.at(-1)?.heading}: ${pages.at(-1)?.html}`)
  const { url: back, posted } = elsewhere
  return posted === undefined ? back : new Request(back, { method: 'POST', body: posted })
}

type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers

/** Logs in and redeems the code. */
export async function logIn(
  configuration: client.Configuration,
  browser: Browser,
  more: Record<string, string> = {},
): Promise<Tokens> {
  const { parameters, checks } = await begin(more)
  const back = await visit(browser, client.buildAuthorizationUrl(configuration, parameters))
  return client.authorizationCodeGrant(configuration, back, checks)
}

/** Returns the error that the library throws for an error response. */
export async function refusal(attempt: Promise<unknown>): Promise<{ error?: string; error_description?: string }> {
  const caught: unknown = await attempt.then(
    () => ({}),
    (error: unknown) => error,
  )
  if (caught instanceof client.ResponseBodyError || caught instanceof client.AuthorizationResponseError) return caught
  if (caught instanceof client.WWWAuthenticateChallengeError) return caught.cause[0]!.parameters
  throw caught
}

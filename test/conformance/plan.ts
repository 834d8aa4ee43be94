/** Requests and responses of a relying party. */
import { randomBytes } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import type { Browser, Outcome } from './browser.js'
import type { Values } from './verify.js'
import type { ClientKey, World } from './world.js'

/** A response type with its response mode and client authentication. */
export interface Plan {
  readonly response_type: string
  readonly response_mode?: 'form_post'
  readonly token_endpoint_auth_method?: string
}

export interface Client extends Values {
  readonly client_id: string
  readonly client_secret?: string
  readonly redirect_uri: string
  readonly token_endpoint_auth_method: string
}

/** An authorization response. */
export interface Answer {
  readonly params: URLSearchParams
  readonly outcome: Outcome
}

/** A successful, verified login. */
export interface Login {
  readonly browser: Browser
  readonly outcome: Outcome
  readonly params: URLSearchParams
  /** Claims of the ID token; if there are two, of that from the token endpoint. */
  readonly claims: JWTPayload
  readonly front_claims?: JWTPayload
  readonly id_token: string
  /** Access token of the token endpoint, or else of the front channel. */
  readonly access_token?: string
  /** The token response. */
  readonly tokens: Values
}

export interface Asking {
  readonly browser?: Browser
  /** Parameters that replace the default ones; undefined removes one. */
  readonly parameters?: Readonly<Record<string, string | undefined>>
  readonly by?: 'GET' | 'POST'
  /** Expected state of the response if a request object sets it. */
  readonly state?: string
  readonly nonce?: string
  readonly alg?: string
}

export const REDIRECT_URI = 'https://rp.example.com/callback'

export const hasCode = ({ response_type }: Plan): boolean => response_type.split(' ').includes('code')
export const hasToken = ({ response_type }: Plan): boolean => response_type.split(' ').includes('token')
export const hasFrontIdToken = ({ response_type }: Plan): boolean => response_type.split(' ').includes('id_token')

/** Returns a random text; by default as long as the longest state of the certification, 128 characters. */
export const randomText = (length = 128): string => randomBytes(length).toString('base64url').slice(0, length)

export interface AssertionOptions {
  readonly aud?: string
  readonly key?: ClientKey
}

/** OpenID Connect Core §9: returns the headers and parameters of client authentication. */
export async function authenticate(
  { client_id, client_secret = '', token_endpoint_auth_method: method }: Client,
  world: World,
  { aud = world.issuer, key = world.key }: AssertionOptions,
): Promise<{ headers?: Record<string, string>; form?: Record<string, string> }> {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  if (method === 'client_secret_basic') {
    const pair = Buffer.from(`${encode(client_id)}:${encode(client_secret)}`).toString('base64')
    return { headers: { authorization: `Basic ${pair}` } }
  }
  if (method === 'client_secret_post') return { form: { client_id, client_secret } }
  const form = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signAs(key, { iss: client_id, sub: client_id, aud, jti: randomText(20) }, world.now()),
  }
  return { form }
}

/** Signs a JWT of the client that is valid for a minute. */
export function signAs({ privateKey, jwk }: ClientKey, claims: JWTPayload, now: number): Promise<string> {
  return new SignJWT({ iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'RS256', ...(jwk.kid !== undefined && { kid: jwk.kid }) })
    .sign(privateKey)
}

/** The example of RFC 7636 appendix B. */
export const PKCE = {
  challenge: { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
  verifier: { code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
}

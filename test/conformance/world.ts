/** The environment of the checks: a strict provider, over https or without a socket, and a site of the relying party. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Agent, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { startProvider } from '../../src/index.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { createApp } from '../app.js'
import { createFetch, type Sent } from '../fetch.js'

export type Fetch = (url: string, sent?: Sent) => Promise<Response>
export type Metadata = Readonly<Record<string, unknown>>

export interface World {
  readonly issuer: string
  readonly metadata: Metadata
  /** Sends a request without following redirects. */
  readonly fetch: Fetch
  readonly site: Site
  /** Key pair of the client. As in the certification, the public key has no `kid`. */
  readonly key: ClientKey
  /** Returns the provider's time, in seconds. */
  now(): number
  /** Moves the provider's time by the admin API. */
  advance(seconds: number): Promise<void>
}

export interface ClientKey {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** An https server of the relying party. */
export interface Site {
  readonly url: string
  /** Documents by path. */
  readonly documents: Map<string, { readonly type: string; readonly body: string }>
  /** Received requests. */
  readonly requests: Visit[]
}

export interface Visit {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly protocol: string
}

/** Every standard claim of OpenID Connect Core §5.1. */
export const CLAIMS = {
  name: 'Alice Adams',
  given_name: 'Alice',
  family_name: 'Adams',
  middle_name: 'Ann',
  nickname: 'Ali',
  preferred_username: 'alice',
  profile: 'https://example.com/alice',
  picture: 'https://example.com/alice.png',
  website: 'https://alice.example.com',
  gender: 'female',
  birthdate: '1990-02-03',
  zoneinfo: 'Europe/Paris',
  locale: 'en-GB',
  updated_at: 1_700_000_000,
  email: 'alice@example.com',
  email_verified: true,
  address: { formatted: '1 Main Street, Paris', locality: 'Paris', country: 'FR' },
  phone_number: '+33 1 23 45 67 89',
  phone_number_verified: false,
} as const

export const ACR_VALUES = ['urn:example:silver', 'urn:example:gold']

const CONFIG = {
  profile: 'strict',
  log: { level: 'silent' },
  users: [{ sub: 'alice', claims: CLAIMS }, { sub: 'bob' }],
  acr_values: ACR_VALUES,
} as const satisfies ConfigInput

/** Starts a provider over https with a self-signed certificate. */
export async function startWorld(t: Test, config: ConfigInput = {}): Promise<World> {
  const { site, ca: site_ca } = await startSite(t)
  const file = join(t.testdir(), 'site.pem')
  writeFileSync(file, site_ca)
  const provider = await startProvider({
    ...CONFIG,
    port: 0,
    server: { tls: { self_signed: true } },
    outbound: { ca: file },
    ...config,
  })
  t.teardown(() => provider.close())
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const fetch = createFetch([provider.ca!, site_ca].join('\n'), agent)
  return describeWorld(provider.issuer, fetch, site)
}

/** Creates a provider without a socket. */
export async function createWorld(t: Test, config: ConfigInput = {}): Promise<World> {
  const { site } = await startSite(t)
  const issuer = 'https://op.example.com'
  const { app } = await createApp(t, {
    ...CONFIG,
    issuer,
    keys: [{ alg: 'RS256' }],
    outbound: { insecure: true },
    ...config,
  })
  const fetch: Fetch = async (url, { method = 'GET', headers = {}, body } = {}) => {
    const form = body instanceof URLSearchParams
    const answer = await app.inject({
      method: method as 'GET',
      url: url.slice(issuer.length),
      headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
      ...(body !== undefined && { payload: String(body) }),
    })
    const fields = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    )
    return new Response(answer.body === '' ? null : answer.body, { status: answer.statusCode, headers: fields })
  }
  return describeWorld(issuer, fetch, site)
}

const now = () => Math.floor(Date.now() / 1000)

async function describeWorld(issuer: string, fetch: Fetch, site: Site): Promise<World> {
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Metadata
  let moved = 0
  const advance = async (by: number) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${issuer}/admin/clock/advance`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ by }),
    })
    if (!answer.ok) throw new Error(`the clock was not moved: ${await answer.text()}`)
    moved += by
  }
  return { issuer, metadata, fetch, site, key: await createClientKey(), now: () => now() + moved, advance }
}

export async function createClientKey(kid?: string): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', ...(kid !== undefined && { kid }) }
  return { privateKey, jwk }
}

export async function startSite(t: Test): Promise<{ site: Site; ca: string }> {
  const { ca, cert, key } = await createSelfSigned(['localhost'], now())
  const documents: Site['documents'] = new Map()
  const requests: Visit[] = []
  const server = createServer({ cert, key }, async (request, response) => {
    const { method = '', url = '', headers } = request
    const protocol = (request.socket as unknown as { getProtocol(): string }).getProtocol()
    requests.push({ method, url, headers, protocol, body: await text(request) })
    const { type, body } = documents.get(url.split('?')[0]!) ?? { type: 'text/plain', body: '' }
    response.writeHead(documents.has(url.split('?')[0]!) ? 200 : 404, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  return { site: { url, documents, requests }, ca }
}

/** Publishes a JSON document on the client's site and returns its URL. */
export function publishJson({ site }: World, value: unknown): string {
  const path = `/${randomBytes(48).toString('base64url')}`
  site.documents.set(path, { type: 'application/json', body: JSON.stringify(value) })
  return site.url + path
}

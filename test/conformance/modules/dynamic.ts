/** Registered clients: their metadata, keys and request objects. OpenID Connect Registration. */
import { decodeProtectedHeader, UnsecuredJWT } from 'jose'
import { type Client, hasCode, hasFrontIdToken, REDIRECT_URI, randomText, signAs } from '../plan.js'
import type { RelyingParty } from '../relying_party.js'
import { type Values, verifyClaims, verifyJsonRefusal, verifySignature } from '../verify.js'
import { publishJson } from '../world.js'
import type { Module } from './module.js'

const REGISTRATION = 'OpenID Connect Registration §2'
const CORE = 'OpenID Connect Core'

/** Checks that the response is a page with the reason and no redirect. */
async function verifyRefusedByPage(rp: RelyingParty, client: Client, redirect_uri: string | undefined): Promise<void> {
  const outcome = await rp.ask(rp.parameters(client, { parameters: { redirect_uri } }))
  rp.t.equal(outcome.elsewhere, undefined, 'no redirect')
  rp.t.equal(outcome.pages.at(-1)?.status, 400)
}

/** Sends a request whose parameters are all in a request object. */
async function logInWithObject(
  rp: RelyingParty,
  client: Client,
  encode: (claims: Values) => Promise<string>,
  uri: string,
) {
  const [state, nonce] = [randomText(), randomText(10)]
  const claims = Object.fromEntries(rp.parameters(client, { parameters: { state, nonce } }))
  const { site } = rp.world
  site.documents.set(new URL(uri).pathname, { type: 'application/jwt', body: await encode(claims) })
  await rp.logIn(client, { parameters: { state: undefined, nonce: undefined, request_uri: uri }, state, nonce })
  rp.t.ok(
    site.requests.some(({ url }) => url === new URL(uri).pathname),
    'the document was fetched',
  )
}

const WITH_QUERY = `${REDIRECT_URI}?bar=foo`

/** Members of the client metadata that the login page shows. */
const pageModule = (name: Module['name'], member: string, value: string, pattern: RegExp): Module => ({
  name,
  section: REGISTRATION,
  rule: `the login page shows the ${member}`,
  async run(rp) {
    const client = await rp.register({ [member]: value })
    rp.t.equal(client[member], value)
    const { pages } = await rp.browser().look(`${rp.endpoint('authorization_endpoint')}?${rp.parameters(client)}`)
    rp.t.equal(pages[0]?.status, 200)
    rp.t.match(pages[0]?.html, pattern)
  },
})

const listed = (rp: RelyingParty, name: string, value: string) =>
  rp.t.ok((rp.world.metadata[name] as string[]).includes(value), `${name} has ${value}`)

export const dynamic: readonly Module[] = [
  {
    name: 'idtoken-rs256',
    section: `${CORE} §2`,
    rule: 'a client with RS256 gets an ID token signed by it, with a kid',
    run: async (rp) =>
      void (await rp.logIn(await rp.register({ id_token_signed_response_alg: 'RS256' }), { alg: 'RS256' })),
  },
  {
    name: 'userinfo-rs256',
    section: `${CORE} §5.3.2`,
    rule: 'a client with RS256 for userinfo gets a signed JWT with iss and aud',
    applies: hasCode,
    async run(rp) {
      const { t, world } = rp
      listed(rp, 'userinfo_signing_alg_values_supported', 'RS256')
      const client = await rp.register({ userinfo_signed_response_alg: 'RS256' })
      const { access_token, claims } = await rp.logIn(client, { parameters: { scope: 'openid profile email' } })
      const headers = { authorization: `Bearer ${access_token}` }
      const answer = await world.fetch(rp.endpoint('userinfo_endpoint'), { headers })
      t.match(answer.headers.get('content-type'), /^application\/jwt\b/)
      const jwt = await answer.text()
      t.equal(decodeProtectedHeader(jwt).alg, 'RS256')
      const userinfo = await verifySignature(t, world, jwt)
      t.match(userinfo, { iss: world.issuer, aud: client.client_id, sub: claims.sub, email: 'alice@example.com' })
      t.notOk(Object.hasOwn(userinfo, 'nonce'))
      verifyClaims(t, userinfo)
    },
  },
  {
    name: 'ensure-redirect-uri-in-authorization-request',
    section: `${CORE} §3.1.2.1`,
    rule: 'a request without redirect_uri is refused on a page',
    run: async (rp) =>
      verifyRefusedByPage(rp, await rp.register({ redirect_uris: [REDIRECT_URI, `${REDIRECT_URI}/two`] }), undefined),
  },
  {
    name: 'redirect-uri-query-OK',
    section: 'RFC 6749 §3.1.2',
    rule: 'the query of a registered redirect_uri is retained',
    run: async (rp) => void (await rp.logIn(await rp.register({ redirect_uris: [WITH_QUERY] }))),
  },
  {
    name: 'redirect-uri-query-mismatch',
    section: `${CORE} §3.1.2.1`,
    rule: 'a redirect_uri with another query than the registered one is refused on a page',
    run: async (rp) =>
      verifyRefusedByPage(rp, await rp.register({ redirect_uris: [WITH_QUERY] }), `${REDIRECT_URI}?foo=bar`),
  },
  {
    name: 'redirect-uri-query-added',
    section: `${CORE} §3.1.2.1`,
    rule: 'a redirect_uri with an unregistered query is refused on a page',
    run: async (rp) => verifyRefusedByPage(rp, await rp.register(), `${REDIRECT_URI}?foo=bar`),
  },
  {
    name: 'redirect-uri-regfrag',
    section: 'RFC 6749 §3.1.2',
    rule: 'a redirect_uri with a fragment is refused at registration',
    async run(rp) {
      const answer = await rp.tryToRegister({ redirect_uris: [`${REDIRECT_URI}#foobar`] })
      await verifyJsonRefusal(rp.t, answer, ['invalid_redirect_uri', 'invalid_client_metadata'])
    },
  },
  pageModule(
    'registration-logo-uri',
    'logo_uri',
    'https://rp.example.com/logo.png',
    /<img\b[^>]* src="https:\/\/rp\.example\.com\/logo\.png"/,
  ),
  pageModule(
    'registration-policy-uri',
    'policy_uri',
    'https://rp.example.com/policy',
    /<a\b[^>]* href="https:\/\/rp\.example\.com\/policy"/,
  ),
  pageModule('registration-tos-uri', 'tos_uri', 'https://openid.net/', /<a\b[^>]* href="https:\/\/openid\.net\/"/),
  {
    name: 'registration-sector-uri',
    section: `${CORE} §8.1`,
    rule: 'a pairwise client whose sector_identifier_uri lists its redirect_uris gets a pairwise sub',
    async run(rp) {
      listed(rp, 'subject_types_supported', 'pairwise')
      const sector_identifier_uri = publishJson(rp.world, [REDIRECT_URI])
      const { claims } = await rp.logIn(await rp.register({ subject_type: 'pairwise', sector_identifier_uri }))
      rp.t.not(claims.sub, 'alice')
    },
  },
  {
    name: 'registration-sector-bad',
    section: `${REGISTRATION}, §5`,
    rule: 'a sector_identifier_uri that does not list the redirect_uri is refused',
    async run(rp) {
      const sector_identifier_uri = publishJson(rp.world, ['https://rp.example.com/other'])
      const answer = await rp.tryToRegister({ subject_type: 'pairwise', sector_identifier_uri })
      await verifyJsonRefusal(rp.t, answer, ['invalid_client_metadata'])
    },
  },
  {
    name: 'request-uri-unsigned',
    section: `${CORE} §6.2`,
    rule: 'a request object by reference can be unsigned',
    async run(rp) {
      listed(rp, 'request_object_signing_alg_values_supported', 'none')
      rp.t.equal(rp.world.metadata.request_uri_parameter_supported, true)
      const uri = `${rp.world.site.url}/${randomText(64)}`
      const client = await rp.register({ request_uris: [uri], request_object_signing_alg: 'none' })
      await logInWithObject(rp, client, async (claims) => new UnsecuredJWT({ ...claims }).encode(), uri)
    },
  },
  {
    name: 'request-uri-signed-rs256',
    section: `${CORE} §6.2`,
    rule: 'a request object by reference can be signed',
    async run(rp) {
      const { world } = rp
      listed(rp, 'request_object_signing_alg_values_supported', 'RS256')
      const uri = `${world.site.url}/${randomText(64)}`
      const client = await rp.register({ request_uris: [uri], request_object_signing_alg: 'RS256' })
      const sign = (claims: Values) =>
        signAs(world.key, { ...claims, iss: client.client_id, aud: world.issuer }, world.now())
      await logInWithObject(rp, client, sign, uri)
    },
  },
  {
    name: 'ensure-client-assertion-with-iss-aud-succeeds',
    section: 'RFC 7523 §3',
    rule: 'the audience of an assertion can be the issuer',
    applies: (plan) => hasCode(plan) && !hasFrontIdToken(plan),
    async run(rp) {
      const client = await rp.register()
      for (const aud of [rp.world.issuer, rp.endpoint('token_endpoint')]) {
        const { params } = rp.readAnswer(await rp.ask(rp.parameters(client)), client)
        const form = { grant_type: 'authorization_code', code: params.get('code')!, redirect_uri: client.redirect_uri }
        await rp.readTokens(await rp.callToken(client, form, { aud }))
      }
    },
  },
]

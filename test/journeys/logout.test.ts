/** Journeys of applications through logouts. */

import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { startWorld } from '../conformance/world.js'
import { createUser, logIn, POST_LOGOUT_REDIRECT_URI, refusal, register } from './application.js'

const world = await startWorld(t as unknown as Test)

t.test(
  'OpenID Connect Back-Channel and Front-Channel Logout: the logout of one application notifies the others',
  async (t) => {
    for (const path of ['/one', '/two']) world.site.documents.set(path, { type: 'text/plain', body: '' })
    const back = await Promise.all(
      ['/one', '/two'].map((path) => register(world, { backchannel_logout_uri: world.site.url + path })),
    )
    const front = await register(world, {
      frontchannel_logout_uri: 'https://rp.example.com/frontchannel_logout?keep=this',
      frontchannel_logout_session_required: true,
    })
    const browser = createUser(world)
    const first = await logIn(back[0]!, browser)
    const second = await logIn(back[1]!, browser)
    const third = await logIn(front, browser)
    t.equal(second.claims()?.sid, first.claims()?.sid, 'one session')

    const { elsewhere } = await browser.open(
      client.buildEndSessionUrl(front, {
        id_token_hint: third.id_token!,
        post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI,
        state: 'done',
      }).href,
    )
    t.equal(elsewhere?.url.href, `${POST_LOGOUT_REDIRECT_URI}?state=done`)

    const jwks = createRemoteJWKSet(new URL(String(world.metadata.jwks_uri)), {
      [joseFetch]: (url: string) => world.fetch(url),
    })
    for (const [index, path] of ['/one', '/two'].entries()) {
      const calls = world.site.requests.filter(({ url }) => url === path)
      t.equal(calls.length, 1, 'one call')
      const { logout_token = '' } = Object.fromEntries(new URLSearchParams(calls[0]!.body))
      const audience = back[index]!.clientMetadata().client_id
      const { payload } = await jwtVerify(logout_token, jwks, { issuer: world.issuer, audience, typ: 'logout+jwt' })
      t.match(payload, { sub: 'alice', sid: first.claims()!.sid })
    }
    const framed = new URL(browser.framed[0] ?? 'about:blank')
    t.strictSame(Object.fromEntries(framed.searchParams), { keep: 'this', iss: world.issuer, sid: third.claims()?.sid })
    for (const configuration of [...back, front]) {
      const { error } = await refusal(logIn(configuration, browser, { prompt: 'none' }))
      t.equal(error, 'login_required')
    }
  },
)

const VARIANTS = [{ id_token_signed_response_alg: 'ES256' }, { subject_type: 'pairwise' }]

for (const metadata of VARIANTS) {
  t.test(`OpenID Connect RP-Initiated Logout §2: ${Object.values(metadata)} can be used with a hint`, async (t) => {
    const configuration = await register(world, metadata)
    const browser = createUser(world)
    const { id_token = '' } = await logIn(configuration, browser)
    const silent = await logIn(configuration, browser, { prompt: 'none', id_token_hint: id_token })
    t.ok(silent.claims()?.sub, 'the hint allows a silent login')
    const { elsewhere } = await browser.open(
      client.buildEndSessionUrl(configuration, {
        id_token_hint: id_token,
        post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI,
      }).href,
    )
    t.equal(elsewhere?.url.href, POST_LOGOUT_REDIRECT_URI, 'the hint allows a logout')
    const { error } = await refusal(logIn(configuration, browser, { prompt: 'none' }))
    t.equal(error, 'login_required')
  })
}

/** A case for each fault of authorization responses and logouts, with a comparison without the fault. */
import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, exchange, REDIRECT_URI, type TestApp } from '../app.js'
import { listen } from '../listener.js'
import { createUserAgent } from '../user_agent.js'

export type Rule = NonNullable<ConfigInput['faults']>[number]
type Query = Readonly<Record<string, string>>
/** @param faults empty, or a rule for the fault. */
type Case = { readonly rule?: Partial<Rule>; check(t: Test, faults: readonly Rule[]): Promise<void> }

const STRICT = { rules: { iss_parameter: true } }
const LOGGED_OUT = 'http://localhost:8000/logged_out'

/** The response of a login. */
export async function answerOf(test: TestApp, query: Query = {}, form: Query = { sub: 'alice' }) {
  const response = await send(test, query, form)
  return new URL(String(response.headers.location)).searchParams
}

/** Logs in by the form. */
export function send(
  { post }: TestApp,
  query: Query = {},
  form: Query = { sub: 'alice' },
): Promise<LightMyRequestResponse> {
  const all = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid', state: 's-1' }
  return post(`/oauth2/authorize?${new URLSearchParams({ ...all, ...query })}`, form)
}

const createFaulty = (t: Test, faults: readonly Rule[], config: ConfigInput = {}) =>
  createApp(t, { ...config, faults: [...faults] })

/** Compares a parameter of the response without and with the fault. */
function parameter(name: string, right: string | null, wrong: string | null, config: ConfigInput = {}): Case['check'] {
  return async (t, faults) => {
    const answer = await answerOf(await createFaulty(t, faults, config))
    t.equal(answer.get(name), faults.length === 0 ? right : wrong)
    t.ok(answer.has('code'), 'all else is there')
    if (name !== 'state') t.equal(answer.get('state'), 's-1')
  }
}

/** Returns the `state` of the redirect after a logout. */
function loggedOut(wrong: string | null): Case['check'] {
  return async (t, faults) => {
    const test = await createFaulty(t, faults)
    const agent = createUserAgent(test)
    const { id_token } = await agent.getTokens()
    const params = { id_token_hint: id_token, post_logout_redirect_uri: LOGGED_OUT, state: 's-1' }
    const { page, after } = await agent.logOut(params)
    t.match(page.body, `${LOGGED_OUT}?state=s-1`, 'the page shows what was asked for')
    const { origin, pathname, searchParams } = new URL(String(after.headers.location))
    t.equal(origin + pathname, LOGGED_OUT)
    t.equal(searchParams.get('state'), faults.length === 0 ? 's-1' : wrong)
  }
}

export const AUTHORIZE_CASES = {
  'authorize.error': {
    rule: { error: 'temporarily_unavailable', error_description: 'Come back later' },
    check: async (t, faults) => {
      const test = await createFaulty(t, faults)
      const answer = Object.fromEntries(await answerOf(test))
      if (faults.length === 0) return void t.match(answer, { code: /./ })
      t.strictSame(answer, { error: 'temporarily_unavailable', error_description: 'Come back later', state: 's-1' })
      const asked = await test.get(`/oauth2/authorize?client_id=app&redirect_uri=${REDIRECT_URI}&response_type=code`)
      t.match(asked.headers.location, 'error=temporarily_unavailable', 'no page is shown')
    },
  },
  'authorize.wrong_state': { check: parameter('state', 's-1', 'another-state') },
  'authorize.missing_state': { check: parameter('state', 's-1', null) },
  'authorize.wrong_iss': {
    check: parameter('iss', 'http://localhost:80', 'https://another-issuer.example', {
      ...STRICT,
      issuer: 'http://localhost:80',
    }),
  },
  'authorize.missing_iss': {
    check: parameter('iss', 'http://op.example', null, { ...STRICT, issuer: 'http://op.example' }),
  },
  'authorize.missing_code': {
    check: async (t, faults) => {
      const answer = Object.fromEntries(await answerOf(await createFaulty(t, faults)))
      if (faults.length === 0) t.match(answer, { code: /./, state: 's-1' })
      else t.strictSame(answer, { state: 's-1' })
    },
  },
  'authorize.replayed_code': {
    check: async (t, faults) => {
      const test = await createFaulty(t, faults)
      const redeemed = await exchange(test, { code: (await answerOf(test)).get('code') ?? '' })
      t.equal(redeemed.statusCode, faults.length === 0 ? 200 : 400)
      if (faults.length > 0) {
        t.match(redeemed.json(), {
          error: 'invalid_grant',
          error_description: /already used (just now|\d+ seconds? ago), at \S+, by the fault authorize.replayed_code$/,
        })
      }
    },
  },
  'authorize.double_callback': {
    check: async (t, faults) => {
      const test = await createFaulty(t, faults)
      const answers = [await send(test), await send(test, { response_mode: 'form_post' })]
      if (faults.length === 0)
        return void t.strictSame(
          answers.map(({ statusCode }) => statusCode),
          [302, 200],
        )
      for (const { statusCode, headers, body } of answers) {
        t.equal(statusCode, 200)
        t.match(headers['content-security-policy'], /;frame-src https: http:$/)
        t.match(body, '<h1>Back to the application, twice</h1>')
        t.match(body, 'name="once"')
      }
      const links = [...answers[0]!.body.matchAll(/<a [^>]*href="([^"]*code=[^"]*)"/g)].map(([, href]) => href)
      t.equal(links.length, 2)
      t.equal(links[0], links[1], 'the same twice')
      t.match(answers[1]!.body, /name="code" value="[\w-]+"/)
    },
  },
  'end_session.missing_state': { check: loggedOut(null) },
  'end_session.wrong_state': { check: loggedOut('another-state') },
  'logout.not_delivered': {
    check: async (t, faults) => {
      const listener = await listen(t)
      const client = {
        client_id: 'app',
        client_secret: 's',
        redirect_uris: [REDIRECT_URI],
        backchannel_logout_uri: listener.url,
      }
      const test = await createFaulty(t, faults, {
        clients: [{ ...client, token_endpoint_auth_method: 'client_secret_post' }],
      })
      const agent = createUserAgent(test)
      await agent.post(
        `/oauth2/authorize?${new URLSearchParams({ client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' })}`,
        { sub: 'alice' },
      )
      const { after } = await agent.logOut()
      t.equal(listener.received.length, faults.length === 0 ? 1 : 0)
      if (faults.length > 0) t.match(after.body, 'Failed:</span> the log and the journal have the reason')
    },
  },
} satisfies Partial<Record<FaultName, Case>>

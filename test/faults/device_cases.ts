/** Faults of the device flow: the error instead of tokens, and the reaction of a library. RFC 8628 §3.5. */
import * as client from 'openid-client'
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createWorld, type World } from '../conformance/world.js'
import { customFetch, refusal } from '../journeys/application.js'

type Rule = NonNullable<ConfigInput['faults']>[number]
type Case = (t: Test) => Promise<void>

/** A device that the end-user has approved. */
async function start(t: Test, rule: Rule) {
  const clients: ConfigInput['clients'] = [
    {
      ...{ client_id: 'tv', token_endpoint_auth_method: 'none', redirect_uris: ['https://tv.example/'] },
      ...{ response_types: [], grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
    },
  ]
  const world = await createWorld(t, { clients, faults: [rule] })
  const options = { [client.customFetch]: customFetch(world) }
  const device = await client.discovery(new URL(world.issuer), 'tv', undefined, client.None(), options)
  const begun = await client.initiateDeviceAuthorization(device, { scope: 'openid' })
  const body = new URLSearchParams({ user_code: begun.user_code, sub: 'alice' })
  await world.fetch(`${world.issuer}/oauth2/device`, { method: 'POST', body })
  // As the provider says, but for the test's patience.
  return { world, poll: () => client.pollDeviceAuthorizationGrant(device, { ...begun, interval: 0.01 }), begun }
}

/** Returns the results of several polls, without a library. */
async function ask({ fetch, issuer }: World, device_code: string, times: number) {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const body = new URLSearchParams({ grant_type, client_id: 'tv', device_code })
  const results: unknown[] = []
  for (let poll = 0; poll < times; poll += 1) {
    const answer = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })
    const { error } = (await answer.json()) as { error?: string }
    results.push([answer.status, error])
  }
  return results
}

/** The device continues and gets its tokens. */
const copes =
  (rule: Rule): Case =>
  async (t) => {
    const plain = await start(t, rule)
    const error = rule.fault.replace('token.', '')
    const expected = [...Array(rule.times).fill([400, error]), [200, undefined]]
    t.strictSame(await ask(plain.world, plain.begun.device_code, expected.length), expected)
    const { poll } = await start(t, rule)
    t.match((await poll()).claims(), { sub: 'alice' })
  }

/** The device stops. */
const stops =
  (rule: Rule): Case =>
  async (t) => {
    const { poll, world, begun } = await start(t, rule)
    const error = rule.fault.replace('token.', '')
    t.match(await refusal(poll()), { error })
    t.strictSame(await ask(world, begun.device_code, 1), [[400, error]], 'it stays so')
  }

export const DEVICE_CASES = {
  'token.authorization_pending': copes({ fault: 'token.authorization_pending', times: 2 }),
  'token.slow_down': copes({ fault: 'token.slow_down', times: 1 }),
  'token.expired_token': stops({ fault: 'token.expired_token' }),
  'token.access_denied': stops({ fault: 'token.access_denied' }),
} satisfies Partial<Record<Rule['fault'], Case>>

/** Journeys of an application with openid-client and faults of authorization responses, at a strict provider. */
import * as client from 'openid-client'
import { test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { startWorld } from '../conformance/world.js'
import { begin, createUser, logIn, refusal, register, visit } from './application.js'

type Rule = NonNullable<ConfigInput['faults']>[number]

/** Errors of the library by fault, for one response and for its repetition. */
const REJECTED: readonly [Rule, RegExp][] = [
  [{ fault: 'authorize.wrong_state' }, /unexpected "state" response parameter value/],
  [{ fault: 'authorize.missing_state' }, /response parameter "state" missing/],
  [{ fault: 'authorize.wrong_iss' }, /unexpected "iss" \(issuer\) response parameter value/],
  [{ fault: 'authorize.missing_iss' }, /response parameter "iss" \(issuer\) missing/],
  [{ fault: 'authorize.missing_code' }, /code/],
]

for (const [rule, message] of REJECTED) {
  test(`${rule.fault}: the application rejects the response and accepts the next one`, async (t) => {
    const world = await startWorld(t, { faults: [{ ...rule, times: 1 }] })
    const configuration = await register(world)
    const attempt = logIn(configuration, createUser(world))
    await t.rejects(
      attempt.catch((error: Error) => {
        throw new Error(`${error.message} ${String((error.cause as Error | undefined)?.message ?? '')}`)
      }),
      { message },
    )
    t.equal((await logIn(configuration, createUser(world))).claims()?.sub, 'alice')
  })
}

test('authorize.error: the application gets error and error_description', async (t) => {
  const error: Rule = { fault: 'authorize.error', error: 'temporarily_unavailable', error_description: 'later' }
  const world = await startWorld(t, { faults: [{ ...error, times: 1 }] })
  const configuration = await register(world)
  const refused = await refusal(logIn(configuration, createUser(world)))
  t.match(refused, { error: 'temporarily_unavailable', error_description: 'later' })
  t.equal((await logIn(configuration, createUser(world))).claims()?.sub, 'alice')
})

test('authorize.replayed_code: the token endpoint refuses the code', async (t) => {
  const world = await startWorld(t, { faults: [{ fault: 'authorize.replayed_code', times: 1 }] })
  const configuration = await register(world)
  t.match(await refusal(logIn(configuration, createUser(world))), { error: 'invalid_grant' })
})

test('authorize.double_callback: the second of two equal responses gets no tokens', async (t) => {
  const world = await startWorld(t, { faults: [{ fault: 'authorize.double_callback' }] })
  const configuration = await register(world)
  const { parameters, checks } = await begin()
  const back = await visit(createUser(world), client.buildAuthorizationUrl(configuration, parameters))
  t.equal((await client.authorizationCodeGrant(configuration, back, checks)).claims()?.sub, 'alice')
  t.match(await refusal(client.authorizationCodeGrant(configuration, back, checks)), { error: 'invalid_grant' })
})

/** What a handle has to do, wherever its provider is. The tests of this folder run all of it against each kind. */
import { type Test, test } from 'tap'
import { AdminError, type Handle } from '../../src/index.js'

/** What the provider under test is started with. */
export const CONFIG = {
  keys: [{ alg: 'ES256' as const }],
  users: [{ sub: 'alice', claims: { name: 'Alice' } }],
  clients: [{ client_id: 'web', client_secret: 'web-secret', redirect_uris: ['http://localhost:8000/callback'] }],
}

export type Open = (t: Test) => Promise<Handle>

/** That the call is refused, and the error says so. */
async function refused(t: Test, call: Promise<unknown>, status: number, error: string, description: RegExp) {
  const caught = await call.catch((reason: unknown) => reason)
  if (!(caught instanceof AdminError)) return t.fail(`no AdminError, but ${JSON.stringify(caught)}`)
  t.match(caught, { name: 'AdminError', status, error, error_description: description, message: description })
  return t.match(caught.message, /^(GET|POST|PUT|PATCH|DELETE) https?:\/\//)
}

export function testHandle(kind: string, open: Open): void {
  test(`${kind}: the issuer is the one of discovery, and so is that of an isolated one`, async (t) => {
    const provider = await open(t)
    for (const { issuer } of [provider, provider.isolated('worker-7'), provider.isolated()]) {
      const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
      t.match(await answer.json(), { issuer })
    }
    t.not(provider.isolated().issuer, provider.isolated().issuer, 'without a name it is a new one')
    t.match(provider.isolated('worker-7').issuer, /\/issuers\/worker-7$/)
    t.equal(provider.isolated('one').isolated('two').issuer, provider.isolated('two').issuer)
  })

  test(`${kind}: users are put, changed and deleted`, async (t) => {
    const { users } = (await open(t)).isolated()
    t.match(await users.list(), [{ sub: 'alice', origin: 'file' }])
    t.match(await users.put('bob', { claims: { plan: 'gold' } }), {
      sub: 'bob',
      claims: { plan: 'gold' },
      origin: 'put',
    })
    t.match(await users.patch('bob', { claims: { plan: null, team: 'blue' } }), { claims: { team: 'blue' } })
    t.strictSame((await users.get('bob')).claims, { team: 'blue' })
    t.match(await users.put('émile / ünder ?'), { sub: 'émile / ünder ?' })
    t.match(await users.get('émile / ünder ?'), { origin: 'put' })
    t.equal(await users.delete('bob'), undefined)
    await refused(t, users.get('bob'), 404, 'not_found', /there is no user bob/)
    await refused(t, users.put('bob', { claim: {} } as object), 400, 'invalid_request', /\/claim is not a known key/)
    await refused(t, users.get('bob'), 404, 'not_found', /bob/)
  })
}

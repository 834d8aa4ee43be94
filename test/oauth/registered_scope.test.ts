/** The scope that a client registers, and later requests for more. RFC 7591 §2, RFC 6749 §3.3. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, getTokens, jsonOf, register, type TestApp } from '../app.js'

const SCOPES: ConfigInput['scopes'] = { 'mcp:read': {}, 'mcp:write': {} }
const eventsOf = ({ log }: TestApp, name: string) => log.filter(({ event }) => event === name)

t.test('a client that registers with a scope is granted more of it in lenient, with a remark', async (t) => {
  const test = await createApp(t)
  const { client_id, scope } = await register(test, { scope: 'mcp:read', token_endpoint_auth_method: 'none' })
  t.equal(scope, 'mcp:read')
  t.match(await getTokens(test, { client_id, scope: 'mcp:read' }), { scope: 'mcp:read' })
  t.strictSame(
    eventsOf(test, 'would_be_refused').filter(({ rule }) => rule === 'registered_scope'),
    [],
  )
  t.match(await getTokens(test, { client_id, scope: 'mcp:read mcp:write' }), { scope: 'mcp:read mcp:write' })
  t.match(
    test.log.filter(({ rule }) => rule === 'registered_scope'),
    [
      {
        event: 'would_be_refused',
        error: 'invalid_scope',
        msg: /: scope mcp:write, which the client has not registered$/,
      },
    ],
  )
})

t.test(
  'RFC 7591 §2: with the rule registered_scope, it is granted its scope, as the response and the log say',
  async (t) => {
    const test = await createApp(t, { scopes: SCOPES, rules: { registered_scope: true } })
    const { client_id } = await register(test, { scope: 'mcp:read', token_endpoint_auth_method: 'none' })
    t.match(await getTokens(test, { client_id, scope: 'mcp:read mcp:write' }), { scope: 'mcp:read' })
    t.match(eventsOf(test, 'scope_ignored'), [
      { msg: 'scope mcp:write is ignored: it is not in the scope of the client' },
    ])
    const { entries } = jsonOf(t, await test.get('/admin/journal?event=scope_ignored')) as { entries: object[] }
    t.match(entries, [{ client_id, endpoint: 'authorization' }])
  },
)

t.test('the scope of a client of the file bounds its requests in both profiles', async (t) => {
  for (const rules of [{}, { registered_scope: true }]) {
    const clients = [{ client_id: 'app', scope: 'openid', redirect_uris: ['http://localhost:8000/callback'] }]
    const test = await createApp(t, { clients, rules })
    t.match(await getTokens(test, { scope: 'openid email' }), { scope: 'openid' })
    t.match(eventsOf(test, 'scope_ignored'), [{ msg: 'scope email is ignored: it is not in the scope of the client' }])
  }
})

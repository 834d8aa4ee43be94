/** The frame by which a client's page learns whether the login has changed. OpenID Connect Session Management §3.3. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { createApp } from '../app.js'
import { createUserAgent } from '../user_agent.js'

t.test('Session Management §3.3: any page can frame it, and only its own script runs', async (t) => {
  const { get } = await createApp(t)
  const { statusCode, headers, body } = await get('/oauth2/check_session')
  t.equal(statusCode, 200)
  t.match(headers['content-type'], /^text\/html/)
  t.equal(headers['x-frame-options'], undefined)
  const policy = String(headers['content-security-policy']).split(';')
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(body) ?? []
  t.ok(policy.includes("default-src 'none'"))
  t.ok(policy.includes('frame-ancestors *'))
  t.ok(policy.includes(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`))
  t.equal(headers['set-cookie'], undefined, 'it changes nothing')
})

t.test('Session Management §3.2: the frame reads the cookie of the login', async (t) => {
  const test = await createApp(t)
  for (const base of ['', '/issuers/one']) {
    const agent = createUserAgent(test, { base })
    await agent.getTokens()
    const { body } = await agent.get('/oauth2/check_session')
    const [, cookie = ''] = /data-cookie="([^"]*)"/.exec(body) ?? []
    t.ok(agent.cookies.get(cookie)?.value, `${base}: ${cookie}`)
  }
})

/** Calls of scripts of another origin in a real browser. Fetch §3.2. */
import { startProvider } from '../src/index.js'
import { browserTest } from './browser.js'
import { listen } from './listener.js'

browserTest(
  "Fetch §3.2.5: a script of another origin can use credentials: 'include'",
  async (t, { page, complaints }) => {
    const provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }], log: { level: 'silent' } })
    t.teardown(() => provider.close())
    const { url } = await listen(t, () => ({ headers: { 'content-type': 'text/html' }, body: '<title>app</title>' }))
    await page.goto(url)
    // The request has a header that needs a preflight request.
    const call = ({ target, method }: { target: string; method: string }) =>
      fetch(target, { method, credentials: 'include', headers: { authorization: 'Bearer none' } }).then(
        ({ status }) => status,
        (error) => String(error),
      )
    const answers = async (path: string, method: string) =>
      page.evaluate(call, { target: `${provider.issuer}${path}`, method })
    t.equal(await answers('/oauth2/token', 'POST'), 400)
    t.equal(await answers('/userinfo', 'GET'), 401)
    t.equal(await answers('/jwks', 'GET'), 200)
    t.equal(await answers('/.well-known/openid-configuration', 'GET'), 200)
    t.strictSame(complaints, [])
    for (const path of ['/', '/oauth2/end_session', '/oauth2/authorize', '/admin/users']) {
      t.match(await answers(path, 'GET'), /^TypeError/, path)
      t.match(
        complaints.join(),
        new RegExp(`access to fetch at '[^']*${path}' .* has been blocked by CORS policy`, 'i'),
      )
      complaints.length = 0
    }
  },
)

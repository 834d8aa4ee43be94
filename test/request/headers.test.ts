/** Large headers: the provider accepts everything that it issues, and explains its limit. RFC 6585 §5. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createApp, getTokens } from '../app.js'
import { start } from '../provider.js'

const GROUPS = Array.from({ length: 400 }, () => randomUUID())
const USERS = [{ sub: 'alice', claims: { groups: GROUPS }, access_token: { groups: GROUPS } }]
/** Cookies of other applications on the same host. */
const COOKIES = Array.from({ length: 5 }, (_, index) => `app${index}=${'c'.repeat(4000)}`).join('; ')

t.test('RFC 6750 §2.1: a token of 400 groups is accepted beside 20 kB of cookies, and in a URL', async (t) => {
  const { url } = await start(t, { users: USERS })
  const { Authorization, id_token } = await logInAt(url)
  t.ok(Authorization.length > 16_384 && id_token.length > 16_384)
  const userinfo = await fetch(`${url}/userinfo`, { headers: { Authorization, cookie: COOKIES } })
  t.strictSame(((await userinfo.json()) as { groups: string[] }).groups, GROUPS)
  const page = await fetch(`${url}/oauth2/end_session?${new URLSearchParams({ id_token_hint: id_token })}`)
  t.equal(page.status, 200)
  const answer = await fetch(`${url}/oauth2/token`, { method: 'POST', headers: { cookie: COOKIES } })
  t.equal(answer.status, 400)
})

async function logInAt(url: string) {
  const query = { client_id: 'app', redirect_uri: 'http://localhost/cb', response_type: 'code', scope: 'openid' }
  const body = new URLSearchParams({ sub: 'alice' })
  const login = await fetch(`${url}/oauth2/authorize?${new URLSearchParams(query)}`, {
    method: 'POST',
    body,
    redirect: 'manual',
  })
  const code = new URL(login.headers.get('location')!).searchParams.get('code')!
  const form = { grant_type: 'authorization_code', client_id: 'app', redirect_uri: query.redirect_uri, code }
  const answer = await fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token, id_token } = (await answer.json()) as Record<'access_token' | 'id_token', string>
  return { Authorization: `Bearer ${access_token}`, id_token }
}

t.test('RFC 6585 §5: larger headers are answered with 431, as a page or as JSON, with the reason', async (t) => {
  const { url, line } = await start(t)
  const headers = { cookie: `app=${'c'.repeat(66_000)}`, accept: '*/*' }
  const json = await fetch(`${url}/oauth2/token`, { method: 'POST', headers })
  t.equal(json.status, 431)
  const { error, error_description } = (await json.json()) as Record<string, string>
  t.equal(error, 'invalid_request')
  t.match(
    error_description,
    /^the request line and headers have 66\d\d\d bytes, expected at most 65536, the server\.max_header_size; cookie has 66004: browsers send the cookies of a host to all of its ports, so delete those of other applications$/,
  )
  t.match(await line(/^request refused$/), { level: 'warn', status: 431, error_description })
  const page = await fetch(`${url}/oauth2/authorize`, { headers })
  t.equal(page.status, 431)
  t.match(page.headers.get('content-type'), 'text/html')
  t.match(await page.text(), 'server.max_header_size')
  const journal = await fetch(`${url}/admin/journal`)
  const { entries } = (await journal.json()) as { entries: Record<string, unknown>[] }
  t.match(
    entries.map(({ endpoint, error, error_description }) => ({ endpoint, error, error_description })),
    [
      { endpoint: 'token', error, error_description },
      { endpoint: 'authorization', error },
    ],
  )
})

t.test('RFC 6585 §5: the reason names the largest header, and the remedy for a long URL', async (t) => {
  const test = await createApp(t)
  const long = await test.get(`/oauth2/end_session?id_token_hint=${'x'.repeat(66_000)}`)
  t.equal(long.statusCode, 431)
  t.match(long.body, /the request line has 660\d\d: send long parameters in the body of a POST request/)
  const token = await test.get('/userinfo', { headers: { authorization: `Bearer ${'x'.repeat(66_000)}` } })
  t.equal(token.statusCode, 431)
  t.match(token.json().error_description, /; authorization has 66007$/)
})

t.test('server.max_header_size is the limit', async (t) => {
  const test = await createApp(t, { server: { max_header_size: 200_000 } })
  const headers = { cookie: `app=${'c'.repeat(150_000)}` }
  const { access_token } = await getTokens(test)
  const authorization = `Bearer ${access_token}`
  t.equal((await test.get('/userinfo', { headers: { ...headers, authorization } })).statusCode, 200)
  await test.reload({ server: { max_header_size: 100_000 } })
  t.equal((await test.get('/userinfo', { headers: { ...headers, authorization } })).statusCode, 431)
})

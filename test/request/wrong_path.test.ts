/** The answer to a path that does not exist names the URL that was probably meant. */
import t from 'tap'
import { createApp } from '../app.js'
import { textOf } from '../html.js'

const test = await createApp(t, { public_url: 'http://op.test:9400' })

const OTHERS: [string, string][] = [
  ['/authorize', '/oauth2/authorize'],
  ['/auth', '/oauth2/authorize'],
  ['/login', '/oauth2/authorize'],
  ['/oauth/authorize?client_id=app', '/oauth2/authorize'],
  ['/connect/authorize', '/oauth2/authorize'],
  ['/oauth2/v1/authorize', '/oauth2/authorize'],
  ['/OAuth2/Authorize', '/oauth2/authorize'],
  ['/oauth2/authorize/', '/oauth2/authorize'],
  ['/realms/main/protocol/openid-connect/auth', '/oauth2/authorize'],
  ['/realms/main/protocol/openid-connect/certs', '/jwks'],
  ['/realms/main/protocol/openid-connect/logout', '/oauth2/end_session'],
  ['/realms/main/.well-known/openid-configuration', '/.well-known/openid-configuration'],
  ['/openid-configuration', '/.well-known/openid-configuration'],
  ['/.well-known/openid-configuraton', '/.well-known/openid-configuration'],
  ['/x/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server'],
  ['/.well-known/jwks.json', '/jwks'],
  ['/oauth2/jwks', '/jwks'],
  ['/v1/userinfo', '/userinfo'],
  ['/me', '/userinfo'],
  ['/logout', '/oauth2/end_session'],
  ['/connect/endsession', '/oauth2/end_session'],
  ['/activate', '/oauth2/device'],
  ['/oauth2/autorise', '/oauth2/authorize'],
  ['/oidc/logni', '/oidc/login'],
  ['/connect/checksession', '/oauth2/check_session'],
  ['/x/webfinger', '/.well-known/webfinger'],
  ['/health', '/healthz'],
]
for (const [wrong, right] of OTHERS) {
  t.test(`${wrong} is answered with the URL of ${right}`, async (t) => {
    const answer = await test.get(wrong)
    t.equal(answer.statusCode, 404)
    const sentence = `GET ${wrong.split('?')[0]}: the path does not exist; did you mean http://op.test:9400${right}?`
    t.equal(answer.json().error_description, sentence)
    const page = await test.get(wrong, { headers: { accept: 'text/html' } })
    t.ok(textOf(page.body).includes(sentence), 'also on a page')
  })
}

const POSTED: [string, string][] = [
  ['/token', '/oauth2/token'],
  ['/oauth/token', '/oauth2/token'],
  ['/oauth2/v2.0/token', '/oauth2/token'],
  ['/introspect', '/oauth2/introspect'],
  ['/connect/revocation', '/oauth2/revoke'],
  ['/register', '/oauth2/clients'],
  ['/login/device/code', '/oauth2/device_authorization'],
]
for (const [wrong, right] of POSTED) {
  t.test(`POST ${wrong} is answered with the URL of ${right}, and the method if it is another`, async (t) => {
    const url = `http://op.test:9400${right}`
    t.match((await test.post(wrong)).json().error_description, `; did you mean ${url}?`)
    t.match((await test.get(wrong)).json().error_description, `; did you mean POST ${url}?`)
  })
}

t.test('a path that resembles none has no suggestion', async (t) => {
  for (const path of ['/nope', '/favicon.ico', '/admin/nonsense', '/issuers', `/${'x'.repeat(2000)}`]) {
    t.notMatch(
      (await test.app.inject({ method: 'DELETE', url: path })).json().error_description,
      'did you mean',
      path.slice(0, 20),
    )
  }
})

t.test('a path of the admin API is suggested only for a path of the admin API', async (t) => {
  const said = async (path: string) => (await test.get(path)).json().error_description
  t.match(await said('/admin/user'), 'did you mean http://localhost/admin/users?')
  t.match(await said('/admin'), 'did you mean http://localhost/admin/openapi.json?')
  t.notMatch(await said('/users'), 'did you mean')
})

t.test('the suggestion keeps the issuer, the base path and the paths of the preset', async (t) => {
  const said = async (path: string, config = {}) => {
    const test = await createApp(t, config)
    return (await test.get(path)).json().error_description
  }
  t.match(await said('/issuers/one/authorize'), 'did you mean http://localhost/issuers/one/oauth2/authorize?')
  t.match(await said('/issuers/one/health'), 'did you mean http://localhost/healthz?')
  t.match(await said('/issuers/no%20name/authorize'), 'did you mean http://localhost/oauth2/authorize?')
  const based = { issuer: 'https://op.test/oidc/' }
  t.match(await said('/oidc/authorize', based), 'did you mean https://op.test/oidc/oauth2/authorize?')
  const preset = await said('/authorize', { preset: 'keycloak' })
  t.match(preset, /did you mean http:\/\/localhost\/realms\/\w+\/protocol\/openid-connect\/auth\?$/)
})

/** The pages in a real browser. */
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type StartOptions, startProvider } from '../src/index.js'
import { browserTest, type Visit } from './browser.js'

const HOSTILE = '"><script>alert(1)</script>'
const USERS = [
  { sub: 'alice', display_name: 'Alice', description: 'The usual one' },
  { sub: 'bob', claims: { email: 'bob@example.com' } },
]

async function start(t: Test, options: StartOptions = {}): Promise<string> {
  const provider = await startProvider({
    port: 0,
    keys: [{ alg: 'ES256' }],
    log: { level: 'silent' },
    users: USERS,
    ...options,
  })
  t.teardown(() => provider.close())
  return provider.issuer
}

function authorizationUrl(issuer: string, { application }: Visit, query: Record<string, string> = {}): string {
  const { redirect_uri } = application
  const all = { client_id: 'app', redirect_uri, response_type: 'code', scope: 'openid email', state: 's-1', ...query }
  return `${issuer}/oauth2/authorize?${new URLSearchParams(all)}`
}

/** Exchanges the code as the application would, and asks who it is. */
async function redeem(issuer: string, { application }: Visit, answer: URLSearchParams) {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      client_id: 'app',
      redirect_uri: application.redirect_uri,
    }),
  })
  const { access_token, id_token } = (await response.json()) as { access_token: string; id_token: string }
  const userinfo = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
  return { id_token, userinfo: (await userinfo.json()) as Record<string, unknown> }
}

const names = (page: Page, heading: string) =>
  page.getByRole('region', { name: heading }).getByRole('button').allInnerTexts()

browserTest('the form has the names and roles that people rely on', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t)
  await page.goto(authorizationUrl(issuer, visit))
  t.equal(await page.getByRole('heading', { level: 1, name: 'Authorize Client', exact: true }).count(), 1)
  t.equal(await page.getByRole('heading', { level: 1 }).count(), 1)
  t.equal(await page.getByRole('textbox', { name: 'Subject', exact: true }).count(), 1)
  t.equal(await page.getByLabel('Subject', { exact: true }).getAttribute('type'), 'text')
  t.equal(await page.getByRole('button', { name: 'Authorize', exact: true }).count(), 1)
  t.equal(await page.getByRole('button', { name: 'Deny access', exact: true }).count(), 1)
  t.equal(await page.getByRole('heading', { name: 'Predefined users', exact: true }).count(), 1)
  t.strictSame(await names(page, 'Predefined users'), ['Authorize as alice', 'Authorize as bob'])
  t.equal(await page.getByRole('button', { name: 'Authorize as alice', exact: true }).count(), 1)
  t.equal(await page.getByRole('heading', { name: 'Recent users' }).count(), 0)
  const facts = page.getByRole('definition')
  t.strictSame(await facts.allInnerTexts(), ['app', application.redirect_uri, 'openid\nemail'])
})

browserTest('without predefined users there is no section of them', async (t, visit) => {
  await visit.page.goto(authorizationUrl(await start(t, { users: [] }), visit))
  t.equal(await visit.page.getByRole('heading', { name: 'Predefined users' }).count(), 0)
  t.strictSame(await visit.page.getByRole('button').allInnerTexts(), ['Authorize', 'Deny access'])
})

for (const javaScriptEnabled of [true, false]) {
  const where = javaScriptEnabled ? '' : ' without JavaScript'

  browserTest(
    `a typed subject logs in${where}, and the browser goes on to another origin`,
    async (t, visit) => {
      const { page, application } = visit
      const issuer = await start(t)
      await page.goto(authorizationUrl(issuer, visit))
      await page.getByLabel('Subject').fill('carol')
      await page.getByRole('button', { name: 'Authorize', exact: true }).click()
      const answer = await application.returned(page)
      t.equal(answer.get('state'), 's-1')
      t.match((await redeem(issuer, visit, answer)).userinfo, { sub: 'carol', email: 'carol@example.com' })
    },
    { javaScriptEnabled },
  )

  browserTest(
    `the button of a predefined user logs in${where}`,
    async (t, visit) => {
      const { page, application } = visit
      const issuer = await start(t)
      await page.goto(authorizationUrl(issuer, visit))
      await page.getByRole('button', { name: 'Authorize as bob' }).click()
      const { userinfo } = await redeem(issuer, visit, await application.returned(page))
      t.strictSame(userinfo, { sub: 'bob', email: 'bob@example.com' })
    },
    { javaScriptEnabled },
  )

  browserTest(
    `Deny access tells the application${where}, also with an empty field`,
    async (t, visit) => {
      const { page, application } = visit
      await page.goto(authorizationUrl(await start(t), visit))
      await page.getByRole('button', { name: 'Deny access' }).click()
      const answer = await application.returned(page)
      t.equal(answer.get('error'), 'access_denied')
      t.equal(answer.get('state'), 's-1')
      t.equal(answer.get('code'), null)
    },
    { javaScriptEnabled },
  )

  browserTest(
    `the end of a session leads back to the application${where}`,
    async (t, visit) => {
      const { page, application } = visit
      const issuer = await start(t)
      await page.goto(authorizationUrl(issuer, visit))
      await page.getByRole('button', { name: 'Authorize as alice' }).click()
      const { id_token } = await redeem(issuer, visit, await application.returned(page))
      const query = {
        id_token_hint: id_token,
        post_logout_redirect_uri: `${application.redirect_uri}?a=1`,
        state: 's-2',
      }
      await page.goto(`${issuer}/oauth2/end_session?${new URLSearchParams(query)}`)
      t.equal(await page.getByRole('note').count(), 0, 'no warning')
      t.match(await page.getByRole('main').textContent(), `${application.redirect_uri}?a=1&state=s-2`)
      await page.getByRole('button', { name: 'End session' }).click()
      const answer = await application.returned(page)
      t.equal(String(answer), 'a=1&state=s-2')
    },
    { javaScriptEnabled },
  )
}

browserTest('recent users are offered, newest first, and none that is predefined', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t)
  for (const sub of ['carol', 'alice', 'dave']) {
    await page.goto(authorizationUrl(issuer, visit))
    await page.getByLabel('Subject').fill(sub)
    await page.getByRole('button', { name: 'Authorize', exact: true }).click()
    await application.returned(page)
  }
  await page.goto(authorizationUrl(issuer, visit))
  t.equal(await page.getByRole('heading', { name: 'Recent users', exact: true }).count(), 1)
  t.strictSame(await names(page, 'Recent users'), ['Authorize as dave', 'Authorize as carol'])
  await page.getByRole('button', { name: 'Authorize as carol' }).click()
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'carol' })
})

browserTest('the keyboard alone is enough: type and press Enter', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t)
  await page.goto(authorizationUrl(issuer, visit))
  // What is typed before the field has the focus goes nowhere.
  await page.locator('#sub:focus').waitFor()
  await page.keyboard.type('erin')
  await page.keyboard.press('Enter')
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'erin' })
})

browserTest('the keyboard alone is enough: Tab reaches every button in the order of the page', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t)
  await page.goto(authorizationUrl(issuer, visit))
  const focused = () => page.locator(':focus').evaluate((element) => element.textContent || element.id)
  const order = [await focused()]
  for (let index = 0; index < 5; index += 1) {
    await page.keyboard.press('Tab')
    order.push(await focused())
  }
  t.strictSame(order, ['sub', 'Authorize', 'Deny access', 'Make it fail', 'Authorize as alice', 'Authorize as bob'])
  await page.keyboard.press('Space')
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'bob' })
})

browserTest('the field is filled with login_hint', async (t, visit) => {
  const { page } = visit
  await page.goto(authorizationUrl(await start(t), visit, { login_hint: 'frank@example.com' }))
  t.equal(await page.getByLabel('Subject').inputValue(), 'frank@example.com')
})

browserTest('an answer without subject brings the form again, with the reason beside the field', async (t, visit) => {
  const { page, application } = visit
  await page.goto(authorizationUrl(await start(t), visit))
  const url = page.url()
  await page.getByRole('button', { name: 'Authorize', exact: true }).click()
  t.equal(await page.locator('input:invalid').count(), 1, 'the browser asks for it first')
  t.equal(page.url(), url)
  await page
    .locator('form')
    .first()
    .evaluate((form: HTMLFormElement) => form.setAttribute('novalidate', ''))
  await Promise.all([
    page.waitForResponse((response) => response.status() === 400),
    page.getByRole('button', { name: 'Authorize', exact: true }).click(),
  ])
  const field = page.getByRole('textbox', { name: 'Subject' })
  await page.locator('#sub[aria-invalid="true"]').waitFor()
  const described = ((await field.getAttribute('aria-describedby')) ?? '').split(' ')
  t.match(await page.locator(`#${described[0]}`).textContent(), /sub is missing/)
  await field.fill('grace')
  await page.keyboard.press('Enter')
  t.ok((await application.returned(page)).get('code'))
})

browserTest('hostile values are shown as text and run nowhere', async (t, visit) => {
  const { page, application } = visit
  const sub = `<img src=x onerror=alert(2)>`
  const issuer = await start(t, {
    users: [{ sub, display_name: HOSTILE, description: HOSTILE }],
    scopes: { "<b>'": { description: HOSTILE } },
  })
  const redirect_uri = `${application.redirect_uri}?x=${encodeURIComponent(HOSTILE)}&y='`
  const query = { client_id: HOSTILE, state: HOSTILE, login_hint: HOSTILE, scope: "openid <b>'", redirect_uri }
  await page.goto(authorizationUrl(issuer, visit, query))
  t.strictSame(await page.getByRole('definition').allInnerTexts(), [HOSTILE, redirect_uri, `openid\n<b>' ${HOSTILE}`])
  t.equal(await page.getByLabel('Subject').inputValue(), HOSTILE)
  t.equal(await page.locator('script, img, b').count(), 0)
  await page.getByRole('button', { name: `Authorize as ${sub}`, exact: true }).click()
  const answer = await application.returned(page)
  t.equal(answer.get('state'), HOSTILE)
  t.equal(answer.get('x'), HOSTILE)

  await page.goto(authorizationUrl(issuer, visit, { redirect_uri: HOSTILE }))
  t.match(await page.getByRole('main').textContent(), '<script>alert(1)</script>')
  t.equal(await page.locator('script').count(), 0)

  const logout = { post_logout_redirect_uri: redirect_uri, state: HOSTILE, other: HOSTILE, client_id: HOSTILE }
  await page.goto(`${issuer}/oauth2/end_session?${new URLSearchParams(logout)}`)
  t.equal(await page.locator('script').count(), 0)
  t.match(await page.getByRole('definition').allInnerTexts(), [redirect_uri, HOSTILE, HOSTILE, HOSTILE])
  await page.getByRole('button', { name: 'End session' }).click()
  t.equal((await application.returned(page)).get('state'), HOSTILE)
})

browserTest('the end of a session without anything said warns and stays', async (t, visit) => {
  const { page } = visit
  await page.goto(`${await start(t)}/oauth2/end_session`)
  t.match(await page.getByRole('note').textContent(), 'id_token_hint')
  await page.getByRole('button', { name: 'End session' }).click()
  await page.getByText('Session ended').waitFor()
})

for (const path of ['', '/issuers/run-1']) {
  browserTest(`from the home page through the self-login and back out, at ${path || '/'}`, async (t, { page }) => {
    const issuer = (await start(t, { require_registration: true, require_nonce: true, require_pkce: true })) + path
    await page.goto(`${issuer}/`)
    t.equal(await page.getByLabel('Issuer').textContent(), issuer)
    await page.getByRole('link', { name: 'Self-login' }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Authorize as alice' }).click()
    await page.getByRole('heading', { level: 1, name: /logged in as alice/i }).waitFor()
    t.equal(page.url(), `${issuer}/oidc/success`)
    t.match(await page.getByRole('region', { name: 'ID token claims' }).textContent(), issuer)
    await page.getByRole('region', { name: 'Userinfo' }).getByText('As JSON').click()
    t.match(JSON.parse((await page.getByRole('region', { name: 'Userinfo' }).locator('pre').textContent()) ?? ''), {
      sub: 'alice',
    })
    await page.reload()
    t.equal(await page.getByRole('heading', { level: 1, name: /logged in as alice/i }).count(), 1)
    await page.getByRole('link', { name: 'End session' }).click()
    t.match(await page.getByRole('main').textContent(), /Log out alice/)
    await page.getByRole('button', { name: 'End session' }).click()
    await page.getByRole('heading', { name: 'Log in with OpenID Connect' }).waitFor()
    t.equal(page.url(), `${issuer}/oidc/login`)
  })
}

browserTest('a denied self-login says so and can be tried again', async (t, { page }) => {
  await page.goto(`${await start(t)}/oidc/login`)
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('button', { name: 'Deny access' }).click()
  await page.getByRole('heading', { level: 1, name: 'Authentication Error' }).waitFor()
  t.match(await page.getByRole('main').textContent(), 'access_denied')
  await page.getByRole('link', { name: 'Try again' }).click()
  t.equal(await page.getByRole('button', { name: 'Start' }).count(), 1)
})

browserTest('an unknown client gets a page, not a redirect', async (t, visit) => {
  const { page } = visit
  const url = authorizationUrl(await start(t, { require_registration: true }), visit)
  const response = await page.goto(url)
  t.equal(response?.status(), 400)
  t.equal(page.url(), url)
  t.equal(await page.getByRole('heading', { level: 1, name: 'Error: invalid_client', exact: true }).count(), 1)
  t.match(await page.getByRole('main').textContent(), 'app')
})

browserTest('a path with nothing gets a page, too', async (t, { page }) => {
  const response = await page.goto(`${await start(t)}/nothing`)
  t.equal(response?.status(), 404)
  t.equal(await page.getByRole('heading', { level: 1, name: 'Error: not_found' }).count(), 1)
})

browserTest('a login in a pop-up comes back to the window that opened it', async (t, visit) => {
  const { page, application } = visit
  const url = authorizationUrl(await start(t), visit)
  await page.goto(application.redirect_uri)
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate((to) => void window.open(to), url)])
  await popup.getByRole('button', { name: 'Authorize as alice' }).click()
  await application.returned(popup)
  t.equal(await popup.evaluate(() => window.opener?.location.href), application.redirect_uri)
})

for (const javaScriptEnabled of [true, false]) {
  browserTest(
    `OAuth 2.0 Form Post Response Mode §2: the answer is posted ${javaScriptEnabled ? 'by itself' : 'by a button'}`,
    async (t, visit) => {
      const { page, application } = visit
      await page.goto(authorizationUrl(await start(t), visit, { response_mode: 'form_post', state: HOSTILE }))
      await page.getByRole('button', { name: 'Authorize as alice' }).click()
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click()
      const answer = await application.posted(page)
      t.equal(answer.get('state'), HOSTILE)
      t.match(answer.get('code'), /^[\w-]{43}$/)
    },
    { javaScriptEnabled },
  )
}

const SSO = { sessions: { single_sign_on: true } }

browserTest('single sign-on: one login, consent for each client, and a choice of accounts', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t, SSO)
  await page.goto(authorizationUrl(issuer, visit))
  await page.getByRole('button', { name: 'Authorize as alice' }).click()
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'alice' })

  await page.goto(authorizationUrl(issuer, visit, { state: 's-2' }))
  t.equal((await application.returned(page)).get('state'), 's-2', 'nothing is asked')

  await page.goto(authorizationUrl(issuer, visit, { scope: 'openid email phone' }))
  t.equal(await page.getByRole('heading', { level: 1, name: 'Authorize Client', exact: true }).count(), 1)
  t.match(await page.getByRole('main').textContent(), /logged in as\s*alice/)
  t.strictSame(await page.getByRole('button').allInnerTexts(), ['Authorize', 'Deny access', 'Use another account'])
  await page.getByRole('button', { name: 'Use another account' }).click()
  await page.getByLabel('Subject').fill('carol')
  await page.keyboard.press('Enter')
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'carol' })

  await page.goto(authorizationUrl(issuer, visit, { prompt: 'select_account' }))
  t.strictSame(await names(page, 'Logged in here'), ['Continue as carol', 'Continue as alice'])
  await page.getByRole('button', { name: 'Continue as alice' }).click()
  t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub: 'alice' })

  await page.goto(authorizationUrl(issuer, visit, { prompt: 'consent' }))
  await page.getByRole('button', { name: 'Authorize', exact: true }).click()
  t.ok((await application.returned(page)).get('code'))
  await page.goto(authorizationUrl(issuer, visit, { prompt: 'consent' }))
  await page.getByRole('button', { name: 'Deny access' }).click()
  t.equal((await application.returned(page)).get('error'), 'access_denied')
})

browserTest(
  'OpenID Connect Core §3.1.2.1: prompt=none in a hidden frame of the application is answered',
  async (t, visit) => {
    const { page, application } = visit
    const issuer = await start(t)
    await page.goto(authorizationUrl(issuer, visit))
    await page.getByRole('button', { name: 'Authorize as alice' }).click()
    await application.returned(page)
    // The same host, so that the cookie is one of the same site over plain http.
    await page.goto(application.redirect_uri.replace('127.0.0.1', 'localhost'))
    for (const response_mode of ['query', 'form_post']) {
      await page.evaluate(
        (src) => {
          const frame = document.createElement('iframe')
          frame.src = src
          document.body.replaceChildren(frame)
        },
        authorizationUrl(issuer, visit, { prompt: 'none', response_mode, state: response_mode }),
      )
      await page.frameLocator('iframe').getByRole('heading', { name: 'Back at the application' }).waitFor()
      const [, frame] = page.frames()
      if (response_mode === 'query') t.ok(new URL(frame!.url()).searchParams.get('code'))
      else t.ok((await application.posted(frame!)).get('code'))
    }
  },
)

browserTest('OpenID Connect Core §3.1.2.1: an application may post its request', async (t, visit) => {
  const { page, application } = visit
  const issuer = await start(t)
  await page.goto(application.redirect_uri)
  await page.evaluate(
    (url) => {
      const form = document.createElement('form')
      Object.assign(form, { method: 'post', action: url.split('?')[0] })
      for (const [name, value] of new URL(url).searchParams) {
        form.append(Object.assign(document.createElement('input'), { name, value }))
      }
      document.body.append(form)
      form.submit()
    },
    authorizationUrl(issuer, visit, { state: HOSTILE }),
  )
  await page.getByRole('button', { name: 'Authorize as bob' }).click()
  const answer = await application.returned(page)
  t.equal(answer.get('state'), HOSTILE)
  t.match((await redeem(issuer, visit, answer)).userinfo, { sub: 'bob' })
})

browserTest('two issuers in one browser do not disturb each other', async (t, visit) => {
  const { page, application } = visit
  const [one, other] = [await start(t, SSO), await start(t, SSO)]
  const issuers = { alice: one, bob: other, carol: `${one}/issuers/run-1` }
  for (const [sub, issuer] of Object.entries(issuers)) {
    await page.goto(authorizationUrl(issuer, visit))
    await page.getByLabel('Subject').fill(sub)
    await page.keyboard.press('Enter')
    await application.returned(page)
  }
  for (const [sub, issuer] of Object.entries(issuers)) {
    await page.goto(authorizationUrl(issuer, visit, { prompt: 'none' }))
    t.match((await redeem(issuer, visit, await application.returned(page))).userinfo, { sub })
  }
})

const MANY = Array.from({ length: 60 }, (_, index) => ({ sub: `user-${index}`, display_name: `Number ${index}` }))

for (const javaScriptEnabled of [true, false]) {
  browserTest(
    `the filter finds a user who is not shown${javaScriptEnabled ? '' : ' without JavaScript'}`,
    async (t, visit) => {
      const { page, application } = visit
      const issuer = await start(t, { users: MANY })
      await page.goto(authorizationUrl(issuer, visit))
      t.equal(await page.getByRole('button', { name: 'Authorize as' }).count(), 24)
      const filter = page.getByLabel('Find a predefined user')
      await filter.fill('number 59')
      await filter.press('Enter')
      await page.getByText('1 user matches.').waitFor()
      t.equal(await filter.inputValue(), 'number 59')
      t.equal(await page.locator('#filter:focus').count(), 1, 'the filter has the focus again')
      const id = (await filter.getAttribute('aria-describedby')) ?? ''
      t.equal(await page.locator(`#${id}`).textContent(), '1 user matches.')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      t.equal(await page.locator(':focus').textContent(), 'Authorize as user-59')
      await page.keyboard.press('Enter')
      const { userinfo } = await redeem(issuer, visit, await application.returned(page))
      t.match(userinfo, { sub: 'user-59' })
    },
    { javaScriptEnabled },
  )
}

browserTest('the filter keeps the typed subject and the chosen fault', async (t, visit) => {
  const { page, application } = visit
  await page.goto(authorizationUrl(await start(t, { users: MANY }), visit))
  await page.getByLabel('Subject').fill('zoe')
  await page.getByText('Make it fail').click()
  await page.getByLabel('Fault', { exact: true }).selectOption('authorize.wrong_state')
  await page.getByLabel('Find a predefined user').fill('nothing like it')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('No user matches.').waitFor()
  t.equal(await page.getByLabel('Subject').inputValue(), 'zoe')
  t.equal(await page.getByLabel('Fault', { exact: true }).inputValue(), 'authorize.wrong_state')
  await page.getByRole('button', { name: 'Authorize', exact: true }).click()
  t.equal((await application.returned(page)).get('state'), 'another-state')
})

browserTest('the filter stays at its place, and a phone shows its result', async (t, visit) => {
  const { page } = visit
  await page.goto(authorizationUrl(await start(t, { users: MANY }), visit))
  const top = async () => (await page.getByLabel('Find a predefined user').boundingBox())?.y
  await page.setViewportSize({ width: 1280, height: 860 })
  const before = await top()
  await page.getByLabel('Find a predefined user').fill('nothing like it')
  await page.getByLabel('Find a predefined user').press('Enter')
  await page.getByText('No user matches.').waitFor()
  t.equal(await top(), before)
  await page.setViewportSize({ width: 390, height: 800 })
  await page.getByLabel('Find a predefined user').fill('user-5')
  await page.getByLabel('Find a predefined user').press('Enter')
  await page.getByText('11 users match.').waitFor()
  const { y = 800 } = (await page.getByRole('button', { name: 'Authorize as user-5', exact: true }).boundingBox()) ?? {}
  t.ok(y < 700, `${y}`)
})

browserTest('the home page has a filter of users and clients', async (t, { page }) => {
  await page.goto(await start(t, { users: MANY }))
  await page.getByRole('searchbox', { name: 'Find a user or a client' }).fill('number 59')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('1 user matches. No client matches.').waitFor()
  t.match(await page.getByRole('region', { name: 'Predefined users' }).textContent(), 'user-59')
})

/** Every page there is, with content that is as wide as it gets. */
function everyPage(
  { issuer, strict, sso }: Readonly<Record<'issuer' | 'strict' | 'sso', string>>,
  visit: Visit,
): Record<string, (page: Page) => Promise<unknown>> {
  const long = `client-${'x'.repeat(248)}`
  const wide = { client_id: long, redirect_uri: `${visit.application.redirect_uri}?${'y'.repeat(300)}` }
  const logIn = async (page: Page, button: string) => {
    await page.goto(`${issuer}/oidc/login`)
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: button }).first().click()
  }
  return {
    home: (page) => page.goto(issuer),
    login: (page) => page.goto(authorizationUrl(issuer, visit, { ...wide, scope: `openid ${'z'.repeat(200)} wide` })),
    consent: async (page) => {
      await page.goto(authorizationUrl(sso, visit, wide))
      await page.getByRole('button', { name: 'Authorize as' }).first().click()
      const claims = JSON.stringify({ userinfo: { ['c'.repeat(300)]: null } })
      await page.goto(authorizationUrl(sso, visit, { ...wide, prompt: 'consent', claims }))
    },
    accounts: (page) => page.goto(authorizationUrl(sso, visit, { ...wide, prompt: 'select_account' })),
    'login without users': (page) => page.goto(authorizationUrl(strict, visit, { client_id: 'known' })),
    error: (page) => page.goto(authorizationUrl(strict, visit, wide)),
    'not found': (page) => page.goto(`${issuer}/${'n'.repeat(300)}`),
    'end session': (page) => page.goto(`${issuer}/oauth2/end_session?${new URLSearchParams(wide)}`),
    'session ended': async (page) => {
      await page.goto(`${issuer}/oauth2/end_session`)
      await page.getByRole('button', { name: 'End session' }).click()
      await page.getByText('Session ended').waitFor()
    },
    'self-login': (page) => page.goto(`${issuer}/oidc/login`),
    'self-login, success': async (page) => {
      await logIn(page, 'Authorize as')
      await page.getByRole('heading', { name: /logged in as/i }).waitFor()
      for (const json of await page.getByText('As JSON').all()) await json.click()
    },
    'self-login, error': async (page) => {
      await logIn(page, 'Deny access')
      await page.getByRole('heading', { name: 'Authentication Error' }).waitFor()
    },
  }
}

for (const users of [USERS, [...USERS, ...MANY]]) {
  browserTest(
    `a phone shows the client first, then the users, then the form, with ${users.length} users`,
    async (t, visit) => {
      const { page } = visit
      const issuer = await start(t, { users })
      await page.setViewportSize({ width: 390, height: 844 })
      const topOf = async (role: 'heading' | 'button' | 'textbox', name: string) =>
        (await page.getByRole(role, { name, exact: true }).boundingBox())?.y ?? Number.NaN
      const readTops = async () => [
        await topOf('heading', 'Authorize Client'),
        await topOf('button', 'Authorize as alice'),
        await topOf('textbox', 'Subject'),
      ]
      await page.goto(authorizationUrl(issuer, visit))
      if (users === USERS) await page.locator('#sub:focus').waitFor()
      const phone = await readTops()
      t.strictSame(
        phone,
        phone.toSorted((a, b) => a - b),
      )
      t.ok(phone[0]! > 0, 'the page is not scrolled to the field')
      t.equal(await page.getByPlaceholder('sub').count(), 1)
      await page.setViewportSize({ width: 1280, height: 900 })
      const [heading, , field] = await readTops()
      t.ok(field! - heading! < 200, 'a large screen shows the form below its heading')
    },
  )
}

browserTest('every page fits a phone and a large screen, in the dark and by day', async (t, visit) => {
  const { page } = visit
  const sub = 's'.repeat(255)
  const issuer = await start(t, {
    users: [
      { sub, display_name: 'D'.repeat(200), claims: { plan: 'p'.repeat(300), list: [{ deep: 'q'.repeat(300) }] } },
      ...USERS,
      ...MANY,
    ],
    clients: [{ client_id: 'c'.repeat(200), redirect_uris: ['http://localhost/'], token_endpoint_auth_method: 'none' }],
    scopes: { wide: { description: 'w'.repeat(300) } },
  })
  const sso = await start(t, { ...SSO, users: [{ sub, display_name: 'D'.repeat(200) }] })
  const strict = await start(t, {
    require_registration: true,
    users: [],
    clients: [
      {
        client_id: 'known',
        redirect_uris: [visit.application.redirect_uri],
        token_endpoint_auth_method: 'none',
      },
    ],
  })
  await fetch(authorizationUrl(issuer, visit), {
    method: 'POST',
    body: new URLSearchParams({ sub: 'recent'.repeat(40) }),
    redirect: 'manual',
  })
  for (const [name, open] of Object.entries(everyPage({ issuer, strict, sso }, visit))) {
    await open(page)
    const backgrounds = new Set<string>()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 })
        const { scrollWidth, clientWidth } = await page
          .locator('html')
          .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))
        t.ok(scrollWidth <= clientWidth, `${name}, ${colorScheme}, ${width} px: ${scrollWidth} in ${clientWidth}`)
      }
      const colours = await page.locator('body').evaluate((body) => {
        const { color, backgroundColor } = getComputedStyle(body)
        const behind = getComputedStyle(document.documentElement).backgroundColor
        return { color, background: /, 0\)$/.test(backgroundColor) ? behind : backgroundColor }
      })
      t.not(colours.color, colours.background, `${name}, ${colorScheme}: text is seen`)
      backgrounds.add(colours.background)
    }
    t.equal(backgrounds.size, 2, `${name}: the dark is dark`)
    t.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${name}: one main heading`)
    t.equal(await page.getByRole('main').count(), 1, `${name}: one main part`)
    t.match(await page.title(), /^.+ · oidc-provider-mock$/)
  }
})

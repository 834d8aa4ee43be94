import { createHash } from 'node:crypto'
import t from 'tap'
import {
  type PageClient,
  type PageFrame,
  type PageList,
  type Pages,
  type PageUser,
  renderPage,
  STYLE_HASH,
} from '../../src/pages/render.js'
import { SCRIPTS } from '../../src/pages/scripts.js'

const HOSTILE = `"><script>alert(1)</script>'</style></title><img src=x onerror=alert(1)>\n\u202Etxt`

/** A list that is shown whole. */
const all = <T>(...items: T[]): PageList<T> => ({ items, total: items.length, page: 1, pages: 1, first: 1 })
/** A list of which only the first item is shown. */
const firstOf = <T>(total: number, item: T): PageList<T> => ({
  items: [item],
  total,
  page: 1,
  pages: total,
  first: 1,
  suggestions: ['zoe'],
})

const home: Pages['home'] = {
  issuer: 'http://localhost:9400',
  base_path: '',
  links: [{ name: 'Discovery document', url: '/.well-known/openid-configuration', about: 'Metadata' }],
  endpoints: [{ name: 'token_endpoint', methods: 'POST', url: 'http://localhost:9400/oauth2/token' }],
  users: all(),
  clients: all(),
  isolated: false,
  profile: 'lenient',
  rules: [true, false, false],
}
const request = { hidden: [], links: [], claims: [], fault_options: { errors: [], groups: [] } }
const login: Pages['login'] = {
  ...request,
  registers: false,
  accounts: [],
  action: '/oauth2/authorize?client_id=app&scope=openid',
  client_id: 'app',
  registered: true,
  redirect_uri: 'http://localhost:3000/callback',
  scopes: [],
  predefined: all(),
  recent: [],
}
const endSession: Pages['end_session'] = {
  action: '/oauth2/end_session/confirm',
  parameters: [],
  id_token_hint_missing: false,
  id_token_hint_unknown: false,
  others: [],
  other_login: false,
  hidden: [],
}
const success: Pages['self_login_success'] = {
  client_id: 'app',
  sub: 'alice',
  checks: [{ heading: 'ID token', checks: [{ name: 'exp', passed: true, text: 'is 5, in 3 s' }] }],
  failures: 0,
  total: 1,
  documents: [],
  other_time: false,
  again: '/oidc/login',
  end_session: '/oauth2/end_session',
}
const selfLogin: Pages['self_login'] = {
  action: '/oidc/login',
  issuer: 'http://localhost:9400',
  client_id: '',
  clients: [{ client_id: 'web', client_name: 'Web shop' }, { client_id: 'cli' }],
  scopes: [
    { name: 'openid', checked: true },
    { name: 'phone', checked: false },
  ],
  more_scopes: 'a b',
  prompts: ['none', 'login'],
  response_types: ['code', 'id_token'],
  response_type: 'code',
}

/** Each page once, with `text` in every field. */
function everyPage(text: string): [keyof Pages, string][] {
  const person = { sub: text, display_name: text, description: text, faults: [text] }
  const claims = { [text]: text, nested: { [text]: [text] } }
  const link = `/${text}`
  const asked = {
    action: link,
    hidden: [[text, text]] as const,
    client_id: text,
    client_name: text,
    links: [{ name: text, uri: link }],
    registered: false,
    redirect_uri: `javascript:${text}`,
    scopes: [{ name: text, description: text }],
    claims: [text],
    problem: text,
    fault_options: {
      errors: [text],
      groups: [{ label: text, faults: [{ name: text, effect: text }] }],
      error: text,
      fault: text,
      problem: text,
    },
  }
  return [
    [
      'home',
      renderPage('home', {
        issuer: text,
        base_path: text,
        links: [{ name: text, url: link, about: text }],
        endpoints: [{ name: text, methods: text, url: text }],
        users: firstOf(2, person),
        clients: all({ client_id: text, client_name: text }),
        filter: text,
        isolated: true,
        profile: 'strict',
        rules: [true],
      }),
    ],
    [
      'login',
      renderPage('login', {
        ...asked,
        registers: true,
        login_hint: text,
        predefined: firstOf(2, person),
        filter: text,
        recent: [text],
        accounts: [person],
        browser_state: text,
      }),
    ],
    ['consent', renderPage('consent', { ...asked, account: person, browser_state: text })],
    [
      'error',
      renderPage(
        'error',
        {
          error: text,
          description: text,
          status: 400,
          entry: { url: link, flow_id: text },
          message: { text: JSON.stringify({ text }), target: text },
        },
        { home: link, journal: link, stale: { count: 2, problems: [{ place: text, text }] } },
      ),
    ],
    [
      'end_session',
      renderPage('end_session', {
        action: link,
        parameters: [[text, text]],
        id_token_hint_missing: true,
        id_token_hint_unknown: true,
        others: [text],
        other_login: true,
        client_id: text,
        sub: text,
        redirect_uri: `javascript:${text}`,
        hidden: [[text, text]],
      }),
    ],
    [
      'session_ended',
      renderPage('session_ended', { notifications: [{ client_id: text, attempts: 3, reason: text }], frames: [] }),
    ],
    [
      'self_login',
      renderPage('self_login', {
        action: link,
        issuer: text,
        client_id: text,
        clients: [{ client_id: text, client_name: text }],
        scopes: [{ name: text, checked: true }],
        more_scopes: text,
        prompts: [text],
        prompt: text,
        response_types: [text],
        response_type: text,
        problem: text,
      }),
    ],
    [
      'self_login_success',
      renderPage('self_login_success', {
        client_id: text,
        sub: text,
        checks: [{ heading: text, checks: [{ name: text, passed: false, text }] }],
        failures: 1,
        total: 2,
        documents: [{ heading: text, claims }],
        other_time: true,
        again: link,
        end_session: link,
        entry: { url: link, flow_id: text },
      }),
    ],
    [
      'self_login_error',
      renderPage('self_login_error', { error: text, description: text, again: link, entry: { flow_id: text } }),
    ],
  ]
}

/** The text of a part of the page, without tags. */
function textOf(html: string): string {
  return html
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<\/(dt|dd)>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .trim()
}

/** The page without the script of its filter or of its message. */
const withoutScript = (html: string) =>
  html.replace(`<script>${SCRIPTS.filter}</script>`, '').replace(`<script>${SCRIPTS.error_message}</script>`, '')

function textsOf(html: string, tag: string): string[] {
  return [...html.matchAll(new RegExp(`<${tag}[ >].*?</${tag}>`, 'gs'))].map(([element]) => textOf(element))
}

/** The opening tags of the elements named `tag`. */
function tagsOf(html: string, tag: string): string[] {
  return html.match(new RegExp(`<${tag}[ >][^>]*>?`, 'g')) ?? []
}

t.test('every page is a complete document in English for every screen and both color schemes', async (t) => {
  for (const [name, html] of everyPage('value')) {
    t.match(html, /^<!doctype html>\n<html lang="en">/, name)
    t.match(html, '<meta charset="utf-8">', name)
    t.match(html, '<meta name="viewport" content="width=device-width, initial-scale=1">', name)
    t.match(html, '<meta name="color-scheme" content="light dark">', name)
    t.match(html, /<title>\S.* · oidc-provider-mock<\/title>/, name)
    t.match(html, /<\/html>\s*$/, name)
    t.equal(tagsOf(html, 'h1').length, 1, name)
    t.equal(tagsOf(html, 'main').length, 1, name)
    t.notMatch(html, /undefined|\[object Object\]/, name)
  }
})

t.test('every page says that it is a mock', async (t) => {
  for (const [name, html] of everyPage('value')) t.match(textOf(html), 'Mock – for development and tests', name)
})

t.test('the hash of the one inline style is STYLE_HASH', async (t) => {
  for (const [name, html] of everyPage('value')) {
    const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = '']) => style)
    t.equal(styles.length, 1, name)
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64')
    t.equal(`sha256-${hash}`, STYLE_HASH, name)
  }
})

t.test(
  'no page runs another script than that of the filter or of a message, has inline style attributes or loads a URL',
  async (t) => {
    for (const [name, page] of everyPage('value')) {
      const html = withoutScript(page)
      t.notMatch(html, /<(script|iframe|img|object|embed|base)/i, name)
      t.equal(
        tagsOf(html, 'form').filter((form) => form.includes('method="get"')).length,
        name === 'home' ? 1 : 0,
        name,
      )
      t.notMatch(html, /<[^>]*\s(style|on\w+|srcset|ping)=/i, name)
      t.notMatch(html, /@import|url\(/i, name)
      t.notMatch(html, /(href|src|action)="(?!data:)[^"]*:/i, name)
      t.same(
        tagsOf(html, 'link').map((link) => /href="data:image\/svg\+xml,/.test(link)),
        [true],
        name,
      )
    }
  },
)

t.test('hostile values are shown as text on every page', async (t) => {
  const plain = new Map(everyPage('value'))
  for (const [name, page] of everyPage(HOSTILE)) {
    const html = withoutScript(page)
    t.notMatch(html, '<script', name)
    t.notMatch(html, /<img|alert\(1\)<\/script>|'<\/style>/, name)
    const tags = (page = '') => page.match(/<[a-z]+/g)
    t.same(tags(page), tags(plain.get(name)), `${name} has the elements that it has for a harmless value`)
    t.match(html, '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&lt;/style&gt;', name)
  }
})

t.test('a redirect URI is never a link', async (t) => {
  for (const [name, html] of everyPage(HOSTILE)) t.notMatch(html, /="javascript:/, name)
  t.match(renderPage('login', login), '<code class="value">http://localhost:3000/callback</code>')
})

t.test('home: describes the provider, names the issuer and links to pages; endpoints are text', async (t) => {
  const html = renderPage('home', home)
  t.match(textOf(html), 'Profile lenient: 1 of the 3 rules of a certified provider are enabled.')
  t.same(textsOf(html, 'h1'), ['oidc-provider-mock'])
  t.match(textOf(html), 'http://localhost:9400')
  t.match(html, /<a [^>]*href="\/\.well-known\/openid-configuration"[^>]*>Discovery document<\/a>/)
  t.match(html, '<code>token_endpoint</code> <span class="methods">POST</span>')
  t.match(html, '<code class="value">http://localhost:9400/oauth2/token</code>')
  t.equal(tagsOf(html, 'a').length, 1)
  t.match(textOf(html), 'append /issuers/ and any name')
  t.same(textsOf(html, 'h2'), ['Issuer', 'Endpoints'])
})

t.test('home: lists the users and clients of the configuration', async (t) => {
  const html = renderPage('home', {
    ...home,
    users: all<PageUser>(
      { sub: 'alice', display_name: 'Alice Adams', description: 'Administrator' },
      { sub: 'bob', display_name: 'Bob Brown' },
      { sub: 'carol', description: 'Locked' },
      { sub: 'dave' },
    ),
    clients: all<PageClient>({ client_id: 'dashboard', client_name: 'Dashboard' }, { client_id: 'cli' }),
  })
  t.same(textsOf(html, 'h2'), ['Issuer', 'Predefined users', 'Clients', 'Endpoints'])
  t.same(textsOf(html, 'li').slice(1), [
    'alice Alice Adams Administrator',
    'bob Bob Brown',
    'carol Locked',
    'dave',
    'dashboard Dashboard',
    'cli',
  ])
})

t.test('home: an isolated issuer is described as one', async (t) => {
  const text = textOf(renderPage('home', { ...home, isolated: true, base_path: '/issuers/spec-7' }))
  t.match(text, 'users, clients and tokens below /issuers/spec-7 are not shared with other issuers')
  t.notMatch(text, 'append')
})

t.test('login: a labelled field, then Authorize, then Deny access', async (t) => {
  const html = renderPage('login', login)
  t.same(textsOf(html, 'h1'), ['Authorize Client'])
  t.same(tagsOf(html, 'form'), [
    '<form method="post" action="/oauth2/authorize?client_id=app&amp;scope=openid" id="answer">',
  ])
  t.match(html, '<label for="sub">Subject</label>')
  const [field = ''] = tagsOf(html, 'input')
  for (const attribute of [
    'id="sub"',
    'name="sub"',
    'type="text"',
    'value=""',
    'placeholder="sub"',
    'autofocus',
    'autocomplete="username"',
    'autocapitalize="none"',
    'spellcheck="false"',
  ])
    t.match(field, ` ${attribute}`)
  t.notMatch(field, 'aria-invalid')
  t.same(textsOf(html, 'button'), ['Authorize', 'Deny access'])
  t.match(html, '<button name="action" value="deny" formnovalidate>Deny access</button>')
})

t.test('login: shows the client, its request and the redirect_uri', async (t) => {
  const named = textOf(
    renderPage('login', {
      ...login,
      client_name: 'Dashboard',
      scopes: [{ name: 'openid' }, { name: 'invoices', description: 'See your invoices' }],
    }),
  )
  t.match(named, 'Dashboard asks you to log in')
  t.match(named, 'Client ID app')
  t.match(named, 'Redirect URI http://localhost:3000/callback')
  t.match(named, 'Scopes openid invoices See your invoices')
  const bare = textOf(renderPage('login', login))
  t.match(bare, 'app asks you to log in')
  t.match(bare, 'Scopes None')
})

t.test('login: says that any client is accepted if the client is not registered', async (t) => {
  t.match(textOf(renderPage('login', { ...login, registered: false })), 'The provider accepts any client')
  t.notMatch(textOf(renderPage('login', login)), 'The provider accepts any client')
})

t.test('login: each user has a button of the form, in the given order', async (t) => {
  const html = renderPage('login', {
    ...login,
    predefined: all<PageUser>({ sub: 'zoe', display_name: 'Zoe Z', description: 'Admin' }, { sub: 'alice' }),
    recent: ['mike', 'bob@example.com'],
  })
  t.same(textsOf(html, 'h2'), ['Predefined users', 'Recent users'])
  t.same(textsOf(html, 'button'), [
    'Authorize',
    'Deny access',
    'Authorize as zoe',
    'Authorize as alice',
    'Authorize as mike',
    'Authorize as bob@example.com',
  ])
  t.equal(tagsOf(html, 'form').length, 1)
  for (const sub of ['zoe', 'alice', 'mike', 'bob@example.com']) {
    t.match(html, `form="answer" formnovalidate name="as" value="${sub}"`)
  }
  t.match(html, /<section aria-labelledby="predefined">\n<h2 id="predefined">/)
  t.match(html, /<section aria-labelledby="recent">\n<h2 id="recent">/)
})

t.test('login: details of a user describe the button and are not part of its name', async (t) => {
  const html = renderPage('login', {
    ...login,
    predefined: all<PageUser>(
      { sub: 'a', display_name: 'Alice', description: 'Admin' },
      { sub: 'b', display_name: 'Bob' },
      { sub: 'c', description: 'Locked' },
      { sub: 'd' },
    ),
  })
  const described = [...html.matchAll(/<p id="(predefined-\d)"[^>]*>.*?<\/p>/g)]
  t.same(
    described.map(([element, id]) => [id, textOf(element)]),
    [
      ['predefined-0', 'Alice · Admin'],
      ['predefined-1', 'Bob'],
      ['predefined-2', 'Locked'],
    ],
  )
  t.same(
    tagsOf(html, 'button')
      .slice(2)
      .map((button) => /aria-describedby="([^"]*)"/.exec(button)?.[1]),
    ['predefined-0', 'predefined-1', 'predefined-2', undefined],
  )
})

t.test('consent: shows user, client and request, with buttons to authorize, deny and switch', async (t) => {
  const html = renderPage('consent', {
    ...login,
    hidden: [['client_id', 'app']],
    client_name: 'Dashboard',
    account: { sub: 'zoe', display_name: 'Zoe Z' },
    browser_state: 'b-1',
    claims: ['name'],
    links: [{ name: 'Terms of service', uri: 'https://a.example/' }],
  })
  t.same(textsOf(html, 'h1'), ['Authorize Client'])
  t.same(textsOf(html, 'button'), ['Authorize', 'Deny access', 'Use another account'])
  t.match(textOf(html), 'Dashboard asks for your consent')
  t.match(textOf(html), /logged in as\s*zoe\s*Zoe Z/)
  t.match(textOf(html), 'Requested claims name')
  t.match(html, '<a href="https://a.example/" target="_blank" rel="noopener noreferrer">Terms of service</a>')
  t.same(
    tagsOf(html, 'input').map((tag) => /name="([^"]*)" value="([^"]*)"/.exec(tag)?.slice(1)),
    [
      ['client_id', 'app'],
      ['account', 'zoe'],
      ['browser_state', 'b-1'],
    ],
  )
  t.notMatch(html, /role="alert"|<img/)
  t.match(renderPage('consent', { ...login, account: { sub: 'zoe' }, browser_state: '', problem: 'No' }), '>No</p>')
})

t.test('login: the first letter or digit of the name represents a user', async (t) => {
  const people = [{ sub: 'x', display_name: '"éva"' }, { sub: '@7up', display_name: '--' }, { sub: '\u202E' }]
  const html = renderPage('login', { ...login, predefined: all<PageUser>(...people) })
  t.same(
    [...html.matchAll(/<span class="initial" aria-hidden="true">(.*?)<\/span>/g)].map(([, letter]) => letter),
    ['É', '7', '·'],
  )
})

t.test('login: a section without users is omitted', async (t) => {
  t.same(textsOf(renderPage('login', login), 'h2'), [])
  t.same(textsOf(renderPage('login', { ...login, predefined: all({ sub: 'a' }) }), 'h2'), ['Predefined users'])
  t.same(textsOf(renderPage('login', { ...login, recent: ['a'] }), 'h2'), ['Recent users'])
})

t.test('login: many users are listed densely', async (t) => {
  const people = Array.from({ length: 50 }, (_, index) => ({ sub: `user-${index}` }))
  const html = renderPage('login', { ...login, predefined: all(...people) })
  t.match(html, 'class="tiles dense"')
  t.equal(textsOf(html, 'button').length, 52)
  t.notMatch(renderPage('login', { ...login, predefined: all(...people.slice(0, 12)) }), 'class="tiles dense"')
})

const person = { sub: 'alice' }
/** The text beside the filter of a page. */
const countOn = (html: string) => /<p id="filter-count" class="hint">(.*?)<\/p>/.exec(html)?.[1]

t.test(
  'login: a list that is not shown whole has a filter, which posts the request and the number of users',
  async (t) => {
    const hidden = [['client_id', 'app']] as const
    const accounts = [{ sub: 'zoe' }]
    const html = renderPage('login', {
      ...login,
      hidden,
      accounts,
      browser_state: 'b-1',
      predefined: firstOf(100_000, person),
    })
    t.same(
      tagsOf(html, 'form')[1],
      `<form method="post" action="${login.action.replace('&', '&amp;')}" id="find" role="search">`,
    )
    const [, form = ''] = /<form [^>]*id="find"[^>]*>(.*?)<\/form>/s.exec(html) ?? []
    t.same(
      tagsOf(form, 'input')
        .slice(0, 3)
        .map((tag) => /name="([^"]*)" value="([^"]*)"/.exec(tag)?.slice(1)),
      [
        ['client_id', 'app'],
        ['browser_state', 'b-1'],
        ['action', 'filter'],
      ],
    )
    t.match(form, '<label for="filter">Find a predefined user</label>')
    t.match(
      form,
      /<input id="filter" name="filter" type="search" value="" [^>]*list="subs" [^>]*aria-describedby="filter-count">/,
    )
    t.match(form, '<button>Find</button>')
    t.equal(countOn(html), '100,000 users. The first 1 are shown.')
    t.match(html, /<input id="sub"[^>]* autofocus/)
    t.notMatch(form, 'autofocus')
    t.notMatch(renderPage('login', { ...login, predefined: all(person) }), /id="find"|<script/)
  },
)

t.test('login: the field has the focus if a phone shows it below the users', async (t) => {
  const page = (count: number, recent: string[]) => {
    const predefined = all(...Array.from({ length: count }, (_, index) => ({ sub: `user-${index}` })))
    return renderPage('login', { ...login, predefined, recent })
  }
  t.match(page(5, ['a']), /<input id="sub"[^>]* autofocus/)
  t.notMatch(page(6, ['a']), / autofocus/)
})

t.test('login: a list of several pages has buttons for them, and the filter suggests subjects', async (t) => {
  const page = (list: Partial<PageList<PageUser>>) =>
    renderPage('login', { ...login, predefined: { ...firstOf(60, person), pages: 3, ...list } })
  const buttons = (html: string) =>
    [...html.matchAll(/<button form="find" name="page" value="(\d)">(\w+)<\/button>/g)].map(([, to, name]) => [
      name,
      to,
    ])
  const first = page({})
  t.strictSame(buttons(first), [['Next', '2']])
  t.match(textOf(first), 'Page 1 of 3')
  t.match(first, /<input id="filter"[^>]* list="subs"/)
  t.match(first, '<datalist id="subs">\n<option value="zoe"></option>\n</datalist>')
  const second = page({ page: 2, first: 25 })
  t.strictSame(buttons(second), [
    ['Previous', '1'],
    ['Next', '3'],
  ])
  t.equal(countOn(second), '60 users. 25 to 25 are shown.')
  t.strictSame(buttons(page({ page: 3, first: 49 })), [['Previous', '2']])
  t.notMatch(renderPage('login', { ...login, predefined: all(person) }), /datalist|list="|class="pager"/)
})

t.test('login: the result of a filter is counted, and the filter has the focus', async (t) => {
  const page = (predefined: PageList<PageUser>) => renderPage('login', { ...login, predefined, filter: 'Ali' })
  t.equal(countOn(page(all())), 'No user matches.')
  t.equal(countOn(page(all(person))), '1 user matches.')
  t.equal(countOn(page(all(person, { sub: 'bob' }))), '2 users match.')
  t.equal(countOn(page(firstOf(312, person))), '312 users match. The first 1 are shown.')
  const html = page(all())
  t.match(html, /<input id="filter"[^>]* value="Ali"[^>]* autofocus/)
  t.equal(html.match(/ autofocus/g)?.length, 1)
  t.same(textsOf(html, 'h2'), ['Predefined users'])
  t.equal(tagsOf(html, 'ul').length, 0, 'no list')
})

t.test('home: lists that are not shown whole have one filter', async (t) => {
  const page = (part: Partial<Pages['home']>) => renderPage('home', { ...home, ...part })
  const client = { client_id: 'app' }
  const html = page({ base_path: '/a', users: firstOf(60, person), clients: all(client) })
  t.same(tagsOf(html, 'form'), ['<form method="get" action="/a/" id="find" role="search">'])
  t.match(html, '<button>Find</button>')
  t.match(html, '<label for="filter">Find a user or a client</label>')
  t.equal(countOn(html), '60 users. The first 1 are shown. 1 client.')
  t.equal(countOn(page({ clients: firstOf(60, client) })), 'No users. 60 clients. The first 1 are shown.')
  const none = page({ filter: 'x' })
  t.equal(countOn(none), 'No user matches. No client matches.')
  t.same(textsOf(none, 'h2'), ['Issuer', 'Endpoints'])
  t.notMatch(page({ users: all(person), clients: all(client) }), 'id="find"')
})

t.test('long names are cut, but not the value of a button', async (t) => {
  const long = `${'x'.repeat(159)}\u{1F600}${'y'.repeat(100_000)}`
  const sub = 's'.repeat(255)
  const user = { sub, display_name: long, description: long }
  const cut = `>${'x'.repeat(159)}…<`
  const html = renderPage('login', { ...login, client_name: long, predefined: all(user), claims: [long] })
  t.equal(html.split(cut).length, 5)
  t.match(html, `name="as" value="${sub}"`)
  t.equal(
    renderPage('home', { ...home, users: all(user), clients: all({ client_id: 'a', client_name: long }) }).split(cut)
      .length,
    4,
  )
  t.match(renderPage('consent', { ...login, account: user, browser_state: '' }), cut)
})

t.test('a list of names ends after 100 of them', async (t) => {
  const names = Array.from({ length: 150 }, (_, index) => `name-${index}`)
  const shown = (html: string) => {
    t.match(html, '>name-99<')
    t.notMatch(html, 'name-100')
    return textOf(html)
  }
  t.match(shown(renderPage('login', { ...login, claims: names })), 'name-99 and 50 more')
  t.match(shown(renderPage('login', { ...login, scopes: names.map((name) => ({ name })) })), 'name-99 and 50 more')
  const parameters = names.map((name): [string, string] => [name, 'value'])
  t.match(shown(renderPage('end_session', { ...endSession, parameters })), 'name-99 value and 50 more')
  const claims = Object.fromEntries(names.map((name) => [name, 1]))
  const page = renderPage('self_login_success', { ...success, documents: [{ heading: 'Userinfo', claims }] })
  t.match(textOf(page), 'name-99 1 and 50 more')
  t.equal(textsOf(page, 'dt').length, 100)
})

t.test('long values of claims are cut', async (t) => {
  const html = renderPage('self_login_success', {
    ...success,
    documents: [{ heading: 'Userinfo', claims: { list: Array(50_000).fill({}), text: 'x'.repeat(50_000) } }],
  })
  t.match(html, `<code class="value">${'x'.repeat(2000)}…</code>`)
  t.ok(html.length < 60_000, `${html.length}`)
})

t.test('login: login_hint fills the field', async (t) => {
  t.match(renderPage('login', { ...login, login_hint: 'alice' }), /<input id="sub"[^>]* value="alice"/)
})

t.test('login: a problem is tied to the field', async (t) => {
  const html = renderPage('login', { ...login, problem: 'sub is missing' })
  t.match(html, '<p id="sub-problem" class="problem">sub is missing</p>')
  t.match(html, /<input id="sub"[^>]* aria-describedby="sub-problem sub-hint" aria-invalid="true">/)
})

t.test('error: shows code, description and cause', async (t) => {
  const html = renderPage('error', { error: 'invalid_client', description: 'No client is named "x".', status: 400 })
  t.same(textsOf(html, 'h1'), ['Error: invalid_client'])
  t.match(html, '<title>Error: invalid_client')
  t.match(textOf(html), 'No client is named "x".')
  t.match(textOf(html), 'HTTP status 400')
  t.match(textOf(html), 'Check the URL that your application has built')
  const failed = textOf(renderPage('error', { error: 'server_error', description: 'It broke.', status: 500 }))
  t.match(failed, 'The mock has failed')
  t.notMatch(failed, 'Check the URL')
})

t.test('error: names its entry in the journal, with a link if the browser may read it', async (t) => {
  const page = (entry?: Pages['error']['entry']) =>
    renderPage('error', { error: 'a', description: 'b', status: 400, ...(entry && { entry }) })
  const html = page({ url: '/admin/journal?flow_id=f', flow_id: 'f' })
  t.match(html, 'The journal has <a href="/admin/journal?flow_id=f">the request and the reason</a>.')
  t.match(textOf(page({ flow_id: 'f' })), 'The journal has the request and the reason, with the flow_id f')
  for (const none of [page({}), page()]) t.notMatch(none, 'journal')
})

t.test('every page links to the home page, which has no link to itself', async (t) => {
  const frame = { home: '/auth/' }
  const link = /<a class="brand" href="\/auth\/">.*<span>oidc-provider-mock<\/span><\/a>/s
  t.match(renderPage('login', login, frame), link)
  t.match(renderPage('error', { error: 'a', description: 'b', status: 404 }, frame), 'href="/auth/">Home page</a>')
  t.notMatch(renderPage('home', home, frame), 'href="/auth/"')
  t.match(renderPage('login', login), /<span class="brand">/)
})

t.test('problems of the configuration stand above the page: the first ones, and the number of all', async (t) => {
  const bannerOf = (stale: PageFrame['stale']) => {
    const html = renderPage('login', login, { ...(stale && { stale }) })
    return /<aside class="stale".*?<\/aside>\s*<main/s.exec(html)?.[0]
  }
  const problem = { place: 'config.yaml:4:19', text: '/users/0/clams is not a known key; did you mean claims?' }
  const one = bannerOf({ count: 1, problems: [problem] })
  t.match(
    textOf(one!),
    /not in force\. It has a problem, so the earlier configuration stays\. config\.yaml:4:19 \/users/,
  )
  t.notMatch(one, 'more')
  t.match(textOf(bannerOf({ count: 7, problems: [problem] })!), 'and 6 more, which the log shows')
  t.match(
    textOf(bannerOf({ count: 2, problems: [] })!),
    'It has 2 problems, so the earlier configuration stays. The log of the provider shows them.',
  )
  t.match(textOf(bannerOf({ count: 1, problems: [] })!), 'The log of the provider shows it.')
  t.ok(bannerOf({ count: 1, problems: [{ place: 'a', text: 'x'.repeat(10_000) }] })!.length < 1000)
  t.equal(bannerOf(undefined), undefined)
})

t.test('end_session: shows the parameters, missing parameters and the redirect', async (t) => {
  const html = renderPage('end_session', {
    ...endSession,
    parameters: [
      ['client_id', 'app'],
      ['state', 'abc'],
    ],
    id_token_hint_missing: true,
    id_token_hint_unknown: false,
    client_id: 'app',
    redirect_uri: 'http://localhost:3000/?a=1&state=abc',
    hidden: [
      ['state', 'abc'],
      ['client_id', 'app'],
    ],
  })
  t.same(textsOf(html, 'h1'), ['End session'])
  t.same(textsOf(html, 'button'), ['End session'])
  t.same(textsOf(html, 'dt'), ['client_id', 'state'])
  t.same(textsOf(html, 'dd'), ['app', 'abc'])
  t.match(html, /<p class="note" role="note">[^\n]*id_token_hint/)
  t.match(textOf(html), 'You will be redirected to http://localhost:3000/?a=1&state=abc')
  t.match(textOf(html), 'Do you want to log out? app requests it.')
  t.same(tagsOf(html, 'form'), ['<form method="post" action="/oauth2/end_session/confirm">'])
  t.same(tagsOf(html, 'input'), [
    '<input type="hidden" name="state" value="abc">',
    '<input type="hidden" name="client_id" value="app">',
  ])
})

t.test('end_session: names user and client if they are known', async (t) => {
  const bare = renderPage('end_session', endSession)
  t.match(textOf(bare), 'Do you want to log out?')
  t.match(textOf(bare), 'You will stay on this page')
  t.notMatch(bare, /role="note"|<dl/)
  t.match(textOf(renderPage('end_session', { ...endSession, sub: 'alice' })), 'Log out alice?')
  t.match(
    textOf(renderPage('end_session', { ...endSession, sub: 'alice', client_id: 'app' })),
    'Log out alice? app requests it.',
  )
})

t.test('session_ended: says Session ended', async (t) => {
  const html = renderPage('session_ended', { notifications: [], frames: [] })
  t.match(html, '<p class="lead">Session ended</p>')
})

t.test('self_login: starts with one button, and offers choices that it leaves as they are', async (t) => {
  const html = renderPage('self_login', selfLogin)
  t.same(textsOf(html, 'h1'), ['Log in with OpenID Connect'])
  t.same(textsOf(html, 'button'), ['Start'])
  t.same(tagsOf(html, 'form'), ['<form method="post" action="/oidc/login">'])
  t.match(textOf(html), 'Issuer http://localhost:9400')
  t.match(html, '<details class="choices">')
  t.match(html, '<option value="web">Web shop</option>\n<option value="cli"></option>')
  t.match(html, '<input type="checkbox" name="scope" value="openid" checked>')
  t.match(html, '<input type="checkbox" name="scope" value="phone">')
  t.match(html, /name="more_scopes" type="text" value="a b"/)
  t.match(html, '<option value="">None sent</option>\n<option>none</option>\n<option>login</option>')
  t.match(html, '<option selected>code</option>\n<option>id_token</option>')
  const again = renderPage('self_login', { ...selfLogin, client_id: 'web', prompt: 'login', problem: 'no' })
  t.match(again, /<p class="problem" role="alert">Error: no<\/p>.*<details class="choices" open>/s)
  t.match(again, /name="client_id" type="text" value="web"/)
  t.match(again, '<option selected>login</option>')
})

t.test('self_login_success: shows user, checks, tokens, claims and links', async (t) => {
  const html = renderPage('self_login_success', {
    ...success,
    documents: [
      {
        heading: 'ID token claims',
        claims: { sub: 'alice', iat: 0, exp: 1.5, auth_time: 1e300, nbf: 'soon', groups: ['a'], nothing: null },
      },
      { heading: 'Userinfo', claims: { email_verified: true } },
      { heading: 'Token response', claims: {} },
    ],
  })
  t.same(textsOf(html, 'h1'), ['You’re logged in as alice'])
  t.same(textsOf(html, 'h2'), ['Checks', 'ID token claims', 'Userinfo', 'Token response'])
  t.same(textsOf(html, 'h3'), ['ID token'])
  t.same(textsOf(html, 'li'), ['✓Passed: exp is 5, in 3 s'])
  t.match(textOf(html), 'All 1 checks passed')
  t.same(textsOf(html, 'dt'), ['sub', 'iat', 'exp', 'auth_time', 'nbf', 'groups', 'nothing', 'email_verified'])
  t.same(textsOf(html, 'dd'), [
    'alice',
    '0 1970-01-01 00:00:00 UTC',
    '1.5 1970-01-01 00:00:01 UTC',
    '1e+300',
    'soon',
    '[ "a" ]',
    'null',
    'true',
  ])
  t.match(html, '<pre>{\n  &quot;email_verified&quot;: true\n}</pre>')
  t.match(textOf(html), 'Token response Empty.')
  t.match(html, /<a [^>]*href="\/oidc\/login">Log in again<\/a>/)
  t.match(html, /<a [^>]*href="\/oauth2\/end_session">End session<\/a>/)
  t.notMatch(html, 'clock of the issuer')
})

t.test('self_login_success: a failed check is no login', async (t) => {
  const checks = [{ heading: 'ID token', checks: [{ name: 'exp', passed: false, text: 'the token has expired' }] }]
  const page = (part: Partial<Pages['self_login_success']>) =>
    renderPage('self_login_success', { ...success, checks, failures: 1, total: 9, ...part })
  const html = page({ other_time: true, entry: { url: '/admin/journal?client_id=app' } })
  t.same(textsOf(html, 'h1'), ['Login not accepted'])
  t.match(textOf(html), '1 of 9 checks failed')
  t.match(textOf(html), 'of alice, but an application must not accept this response')
  t.same(textsOf(html, 'li'), ['✗Failed: exp the token has expired'])
  t.match(textOf(html), 'Times are compared with the clock of the issuer')
  t.match(html, 'href="/admin/journal?client_id=app"')
  const { sub: _, ...others } = success
  const nobody = renderPage('self_login_success', { ...others, failures: 1 })
  t.match(textOf(nobody), 'The provider has answered the login, but')
  t.same(textsOf(renderPage('self_login_success', others), 'h1'), ['You’re logged in'])
})

t.test('self_login_error: shows code, description and a link to try again', async (t) => {
  const html = renderPage('self_login_error', { error: 'access_denied', description: 'Denied.', again: '/oidc/login' })
  t.same(textsOf(html, 'h1'), ['Authentication Error'])
  t.match(textOf(html), 'Error: access_denied')
  t.match(textOf(html), 'Denied.')
  t.match(html, /<a [^>]*href="\/oidc\/login">Try again<\/a>/)
})

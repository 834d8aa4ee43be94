/** The health of the process is public; the problems of its files are for callers who may use the admin API. */
import t from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, jsonOf } from '../app.js'

const problems = [{ file: 'config.yaml', line: 1, column: 2, path: '/users', message: 'is "s3cret", expected a list' }]
const health = () => ({ status: 'ok' as const, config: { status: 'stale' as const, problems, warnings: [] } })
const PUBLIC = { status: 'ok', config: { status: 'stale', problem_count: 1 } }

type Case = [title: string, server: ConfigInput['server'] & object, headers: Record<string, string>]

const SHOWN: Case[] = [
  ['a program without a token, if none is configured', {}, {}],
  ['a page of the provider', {}, { origin: 'http://localhost' }],
  ['a program in a network', { host: '0.0.0.0' }, { host: 'op' }],
  ['a program with the admin token', { admin_token: 'secret' }, { authorization: 'Bearer secret' }],
  [
    'at any host with the admin token',
    { admin_token: 'secret' },
    { authorization: 'Bearer secret', host: 'a.example' },
  ],
]
for (const [title, server, headers] of SHOWN) {
  t.test(`problems are shown to ${title}`, async (t) => {
    const test = await createApp(t, { server }, { health })
    const answer = jsonOf(t, await test.get('/healthz', { headers }))
    t.strictSame(answer, { status: 'ok', config: { ...PUBLIC.config, problems } })
  })
}

const HIDDEN: Case[] = [
  ['without the admin token', { admin_token: 'secret' }, {}],
  ['with another token', { admin_token: 'secret' }, { authorization: 'Bearer secre' }],
  ['with an invalid Authorization header', { admin_token: 'secret' }, { authorization: 'secret' }],
  ['a page of another origin', {}, { origin: 'https://evil.example' }],
  ['a page of another site', {}, { 'sec-fetch-site': 'cross-site' }],
  [
    'a page of another site, with the token',
    { admin_token: 's' },
    { 'sec-fetch-site': 'cross-site', authorization: 'Bearer s' },
  ],
  ['a page at an unknown host', {}, { host: 'evil.example' }],
  ['a page at an unknown host in a network', { host: '0.0.0.0' }, { host: 'a.example', origin: 'http://a.example' }],
  ['every caller, if the admin API is off', { admin: false }, {}],
  ['every caller of the main port, if the admin API has its own', { admin_port: 0 }, {}],
  ['an unreadable base URL', {}, { origin: 'http://localhost', 'x-forwarded-proto': 'ftp' }],
]
for (const [title, server, headers] of HIDDEN) {
  t.test(`problems are hidden, but counted: ${title}`, async (t) => {
    const test = await createApp(t, { server }, { health })
    const answer = await test.get('/healthz', { headers })
    t.strictSame(jsonOf(t, answer), PUBLIC)
    t.notMatch(answer.body, 's3cret')
  })
}

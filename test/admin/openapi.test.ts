/** The OpenAPI document of the admin API. */
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { PATHS } from '../../src/routes.js'
import { createApp } from '../app.js'
import { createCheck, type Document } from './api.js'

const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const

const documentOf = async (test: Awaited<ReturnType<typeof createApp>>, base = '', headers = {}) =>
  (await test.get(`${base}/admin/openapi.json`, { headers })).json<Document>()

t.test('OpenAPI 3.1: the document is valid at every issuer and names it as the server', async (t) => {
  const test = await createApp(t, { public_url: 'https://id.example/auth' })
  for (const base of ['', '/issuers/x']) {
    const document = await documentOf(test, base)
    t.match(document.openapi, /^3\.1\./)
    const { valid, errors } = await new Validator().validate({ ...structuredClone(document) })
    t.equal(valid, true, JSON.stringify(errors))
    t.match(document.servers, [{ url: new RegExp(`${base}$`) }])
    const url = document.servers[0]!.url.replace('https://id.example/auth', '').replace('http://localhost', '')
    t.equal((await test.get(`${url}/admin/users`)).statusCode, 200)
  }
  t.strictSame((await documentOf(test)).paths, (await documentOf(test, '/issuers/x')).paths)
})

t.test('the document has a security scheme if a token is required', async (t) => {
  t.notHas(await documentOf(await createApp(t)), 'security')
  const secured = await createApp(t, { server: { admin_token: 'token' } })
  t.match(await documentOf(secured, '', { authorization: 'Bearer token' }), {
    security: [{ admin_token: [] }],
    components: { securitySchemes: { admin_token: { type: 'http', scheme: 'bearer' } } },
  })
})

t.test('the document has exactly the methods of the admin routes', async (t) => {
  const test = await createApp(t)
  const { paths } = await documentOf(test)
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  // What nobody reads is refused by each, before anything is done.
  const takes = async (method: (typeof METHODS)[number], path: string) =>
    (await test.app.inject({ method, url: `${path}?nobody=reads` })).statusCode === 400
  const routed: string[] = []
  for (const path of Object.values(PATHS).filter((one) => one.startsWith('/admin/'))) {
    for (const method of METHODS) {
      if (await takes(method, path)) routed.push(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    }
  }
  t.strictSame(described.sort(), routed.sort())
})

t.test('every operation has a unique operationId, a summary, a tag and responses', async (t) => {
  const { paths } = await documentOf(await createApp(t))
  const operations = Object.values(paths).flatMap((path) => Object.values(path)) as unknown as Record<string, unknown>[]
  const names = operations.map(({ operationId }) => operationId)
  t.equal(new Set(names).size, names.length)
  for (const { operationId, summary, tags, responses } of operations) {
    t.match({ summary, tags }, { summary: String, tags: [String] }, String(operationId))
    t.ok(Object.keys(responses as object).some((status) => status.startsWith('2')))
  }
})

t.test(
  'an operation states the rules that its schemas cannot express, and every operation states its refusals',
  async (t) => {
    const { paths } = await documentOf(await createApp(t))
    const operations = Object.values(paths).flatMap((path) => Object.values(path))
    const ruled = operations.filter(({ responses }) => '400' in responses)
    for (const { operationId, responses } of ruled) {
      t.match(
        responses['400'],
        { description: /^The request does not fit its schema, or .+\. Nothing has changed\.$/ },
        operationId,
      )
    }
    for (const { operationId, responses } of operations) {
      t.match(responses, { '4XX': { description: String }, '507': { description: /memory_limit/ } }, operationId)
    }
    t.strictSame(ruled.map(({ operationId }) => operationId).sort(), [
      'delete_fault',
      'get_journal',
      'get_journal_stream',
      'patch_admin_client',
      'patch_admin_user',
      'post_admin_login',
      'post_admin_tokens',
      'post_admin_tokens_revoke',
      'post_approve_device_code',
      'post_clock_advance',
      'post_clock_freeze',
      'post_deny_device_code',
      'post_faults',
      'post_rotate_keys',
      'put_admin_client',
      'put_admin_user',
      'put_clock',
    ])
  },
)

t.test('the response check of other tests reports undocumented responses', async (t) => {
  const test = await createApp(t)
  const check = createCheck(await documentOf(test))
  const answer = await test.get('/admin/users')
  t.doesNotThrow(() => check('GET', '/admin/users', answer))
  t.throws(() => check('GET', '/admin/grants', answer), /200 is not as documented/)
  t.throws(() => check('DELETE', '/admin/users', answer), /is not in the document/)
  t.throws(() => check('GET', '/admin/nope', answer), /is not in the document/)
  t.throws(() => check('DELETE', '/admin/users/x', answer), /status 200 is not in the document/)
})

/** The admin API for tests. Every response is validated against the OpenAPI document of the same server. */
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { ConfigInput } from '../../src/generated/input.js'
import { createApp, type TestApp } from '../app.js'

type Schema = Record<string, unknown>
interface Operation {
  readonly operationId: string
  readonly responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}
export interface Document {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly security?: unknown
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, Schema> }
}

export interface AdminApp extends TestApp {
  /** Calls an admin route by its path below `/admin` and returns the response. A `body` is sent as JSON. */
  call(method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, options?: InjectOptions): Call
}
type Call = Promise<LightMyRequestResponse>

export async function createAdminApp(
  t: Test,
  config: ConfigInput = {},
  parts: Parameters<typeof createApp>[2] = {},
): Promise<AdminApp> {
  const test = await createApp(t, config, parts)
  const { admin_token } = config.server ?? {}
  const authorization = admin_token === undefined ? {} : { authorization: `Bearer ${admin_token}` }
  const check = findCheck((await test.get('/admin/openapi.json', { headers: authorization })).body)
  const call: AdminApp['call'] = async (method, path, body, options = {}) => {
    const [, base = '', rest = ''] = /^(\/issuers\/[^/]+)?(.*)$/.exec(path)!
    const url = `${base}/admin${rest}`
    const answer = await test.app.inject({
      method,
      url,
      ...(body !== undefined && { payload: JSON.stringify(body) }),
      ...options,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...authorization,
        ...options.headers,
      },
    })
    check(method, `/admin${rest}`, answer)
    return answer
  }
  return { ...test, call }
}

/** The checks of this test file by the text of their document. */
const CHECKS = new Map<string, ReturnType<typeof createCheck>>()

function findCheck(document: string): ReturnType<typeof createCheck> {
  const check = CHECKS.get(document) ?? createCheck(JSON.parse(document))
  CHECKS.set(document, check)
  return check
}

/** Creates a function that throws if a response differs from its description in the document. */
export function createCheck({ paths, components }: Document) {
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  formats.default(ajv)
  // Compiling a schema takes longer than the request.
  const validators = new Map<Schema, ValidateFunction>()
  return (method: string, url: string, answer: LightMyRequestResponse) => {
    const path = findPath(Object.keys(paths), url.split('?')[0]!)
    const operation = path && paths[path]?.[method.toLowerCase()]
    if (!operation) throw new Error(`${method} ${url} is not in the document`)
    const status = String(answer.statusCode)
    const described = operation.responses[status] ?? operation.responses[`${status[0]}XX`]
    if (described === undefined) throw new Error(`${method} ${url}: status ${status} is not in the document`)
    const schema = described.content?.['application/json']?.schema
    if (schema === undefined) {
      if (answer.body !== '') throw new Error(`${method} ${url}: ${status} has a body, but the document says none`)
      return
    }
    const validate = validators.get(schema) ?? ajv.compile({ ...schema, components })
    validators.set(schema, validate)
    if (!validate(answer.json())) {
      throw new Error(
        `${method} ${url}: ${status} is not as documented: ${ajv.errorsText(validate.errors)}\n${answer.body}`,
      )
    }
  }
}

/** Returns the path of the document that matches a URL. A path without parameters has precedence. */
function findPath(paths: readonly string[], url: string): string | undefined {
  const fits = (path: string) =>
    new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]*')}$`).test(url)
  return paths.find((path) => path === url) ?? paths.find(fits)
}

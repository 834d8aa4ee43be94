/** A login without a browser: what the authorization endpoint does with a request and the end-user's answer to its page. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, shown } from '../errors.js'
import { PICKABLE_ERRORS, PICKABLE_FAULTS, readPicked } from '../faults/picked.js'
import { authorize } from '../interaction/authorize.js'
import { type Params, readParams } from '../oauth/params.js'
import type { AuthorizationResponse } from '../oauth/response_mode.js'
import { recordExchange } from '../request/exchange.js'
import { createFlowId } from '../request/identify.js'
import { findIssuerName, PATHS } from '../routes.js'
import { boolean, object, text } from './schema.js'

interface Body {
  readonly authorization_request: string | Readonly<Record<string, string>>
  readonly sub?: string
  readonly fault?: string
  readonly error?: string
  readonly deny?: boolean
}

const PARAMETERS = { type: 'object', additionalProperties: { type: 'string' } }

const schema = {
  tags: ['login'],
  summary: 'Log a user in without a browser',
  description:
    'Completes an authorization request as if the user had answered the login page, and says where to go on.',
  body: object(
    {
      authorization_request: {
        description: 'The URL to which the application sends the browser, or its parameters.',
        anyOf: [{ type: 'string', minLength: 1 }, PARAMETERS],
      },
      sub: text('Who logs in. One that nobody knows becomes a user.', { minLength: 1, maxLength: 255 }),
      fault: { description: 'What goes wrong with this login.', enum: PICKABLE_FAULTS.map(({ name }) => name) },
      error: { description: 'What the application gets instead of a login.', enum: PICKABLE_ERRORS },
      deny: boolean('Whether the user denies access.'),
    },
    ['authorization_request'],
  ),
  response: {
    200: {
      ...object(
        {
          flow_id: text('What the entries of the journal about this login have in common.'),
          location: text('Where the browser goes on.'),
          parameters: { ...PARAMETERS, description: 'What `location` carries, in its query or its fragment.' },
          action: text('Where the browser posts a form, with `response_mode=form_post`.'),
          fields: { ...PARAMETERS, description: 'The fields of that form.' },
          twice: boolean('Whether a fault has the browser go there twice; left out, once.'),
        },
        ['flow_id'],
      ),
      description: 'The answer to the application: `location` and `parameters`, or `action` and `fields`.',
    },
  },
}

export const login: FastifyPluginAsync = async (app) => {
  app.post<{ Body: Body }>(PATHS.admin_login, { config: { answer: 'json' }, schema }, async (request, reply) => {
    const { ctx } = request
    const about = ctx.exchange.facts
    const params = readRequest(ctx, request.body.authorization_request)
    const flow_id = createFlowId()
    ctx.learn({ endpoint: 'authorization', flow_id })
    try {
      const answer = { flow_id, ...describe(await complete(request, params)) }
      // The login is an exchange of the authorization endpoint; what leaves here is not, so no fault of that may touch it.
      recordExchange(request, reply, undefined, 'authorization')
      return answer
    } finally {
      ctx.exchange.facts = about
    }
  })
}

/** The parameters; they may not be meant for another issuer of this provider. */
function readRequest(ctx: Context, given: Body['authorization_request']): Params {
  if (typeof given !== 'string') return readParams(given)
  if (!URL.canParse(given, ctx.public_url))
    throw invalidRequest(`authorization_request is ${shown(given)}, expected a URL`)
  const { pathname, searchParams } = new URL(given, ctx.public_url)
  const issuer = findIssuerName(pathname) ?? 'default'
  if (issuer !== ctx.exchange.facts.issuer) {
    throw invalidRequest(
      `authorization_request is for the issuer ${issuer}, but this is ${ctx.exchange.facts.issuer}: expected a URL of this one`,
    )
  }
  const names = [...new Set(searchParams.keys())]
  return readParams(Object.fromEntries(names.map((name) => [name, valuesOf(searchParams.getAll(name))])))
}

const valuesOf = (values: readonly string[]) => (values.length === 1 ? values[0] : values)

async function complete({ ctx, body, log }: FastifyRequest<{ Body: Body }>, params: Params) {
  const picked = readPicked(body)
  ctx.exchange.picked = picked.rules
  const answer = {
    sub: body.sub,
    action: body.deny === true ? 'deny' : undefined,
    account: undefined,
    browser_state: undefined,
    picked,
  }
  const form = { action: '', hidden: [] }
  const outcome = await authorize(ctx, { params, answer, cookies: {}, jar: NO_BROWSER, form }, log)
  if ('page' in outcome) throw invalidRequest('sub is missing, expected the subject to log in as, or deny, or error')
  return outcome
}

const ignore = () => undefined
/** The session is there, but nobody holds its cookie. */
const NO_BROWSER = { setCookie: ignore, clearCookie: ignore }

function describe(response: AuthorizationResponse) {
  const twice = response.twice ? { twice: true } : {}
  if ('action' in response) return { action: response.action, fields: Object.fromEntries(response.fields), ...twice }
  const { search, hash } = new URL(response.location)
  const parameters = Object.fromEntries(new URLSearchParams(hash.slice(1) || search))
  return { location: response.location, parameters, ...twice }
}

/** Logins without a browser: completes an authorization request for a user. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, shown } from '../errors.js'
import { LOGIN_PAGE_ERRORS, LOGIN_PAGE_FAULTS, readFaultChoice } from '../faults/choice.js'
import { authorize } from '../interaction/authorize.js'
import { createFlowId } from '../oauth/grant.js'
import { type Params, readParams } from '../oauth/params.js'
import type { AuthorizationResponse } from '../oauth/response_mode.js'
import { recordExchange } from '../request/exchange.js'
import { findIssuerName, PATHS } from '../routes.js'
import { boolean, object, refusedIf, text } from './schema.js'

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
    'Completes an authorization request as if the user had submitted the login page, and returns the redirect.',
  body: object(
    {
      authorization_request: {
        description: 'The authorization URL of the application, or its parameters.',
        anyOf: [{ type: 'string', minLength: 1 }, PARAMETERS],
      },
      sub: text('Subject of the user who logs in. An unknown subject creates a user.', {
        minLength: 1,
        maxLength: 255,
      }),
      fault: { description: 'Fault of this login.', enum: LOGIN_PAGE_FAULTS },
      error: { description: 'Error that the application receives instead of a code.', enum: LOGIN_PAGE_ERRORS },
      deny: boolean('Whether the user denies access.'),
    },
    ['authorization_request'],
  ),
  response: {
    200: {
      ...object(
        {
          flow_id: text('Identifier of this login in journal entries.'),
          location: text('URL that the browser is redirected to.'),
          parameters: { ...PARAMETERS, description: 'Parameters of `location`, from its query or its fragment.' },
          action: text('URL that the browser posts a form to, with `response_mode=form_post`.'),
          fields: { ...PARAMETERS, description: 'The fields of that form.' },
          twice: boolean('Whether a fault sends the browser there twice; absent, once.'),
        },
        ['flow_id'],
      ),
      description: 'The authorization response: `location` and `parameters`, or `action` and `fields`.',
    },
    400: refusedIf(
      'the authorization request has no valid client, redirect_uri or response_mode, is for another issuer, or needs a `sub`',
    ),
  },
}

export const login: FastifyPluginAsync = async (app) => {
  app.post<{ Body: Body }>(PATHS.admin_login, { schema }, async (request, reply) => {
    const { ctx } = request
    const about = ctx.exchange.facts
    const params = readRequest(ctx, request.body.authorization_request)
    const flow_id = createFlowId()
    ctx.addFacts({ endpoint: 'authorization', flow_id })
    try {
      const answer = { flow_id, ...describe(await complete(request, params)) }
      // The login is an exchange of the authorization endpoint. The response of this route is not, so its faults do not apply.
      await recordExchange(request, reply, undefined, 'authorization')
      return answer
    } finally {
      ctx.exchange.facts = about
    }
  })
}

/** Reads the parameters and refuses a URL of another issuer of this provider. */
function readRequest(ctx: Context, given: Body['authorization_request']): Params {
  if (typeof given !== 'string') return readParams(given)
  if (!URL.canParse(given, ctx.public_url))
    throw invalidRequest(`authorization_request is ${shown(given)}, expected a URL`)
  const { pathname, searchParams } = new URL(given, ctx.public_url)
  const issuer = findIssuerName(pathname) ?? 'default'
  if (issuer !== ctx.exchange.facts.issuer) {
    throw invalidRequest(
      `authorization_request is a URL of the issuer ${issuer}, expected a URL of ${ctx.exchange.facts.issuer}`,
    )
  }
  const names = [...new Set(searchParams.keys())]
  return readParams(Object.fromEntries(names.map((name) => [name, valuesOf(searchParams.getAll(name))])))
}

const valuesOf = (values: readonly string[]) => (values.length === 1 ? values[0] : values)

async function complete({ ctx, body }: FastifyRequest<{ Body: Body }>, params: Params) {
  const fault_choice = readFaultChoice(body)
  ctx.exchange.login_faults = fault_choice.rules
  const submission = {
    sub: body.sub,
    action: body.deny === true ? 'deny' : undefined,
    account: undefined,
    browser_state: undefined,
    fault_choice,
  }
  const form = { action: '', hidden: [] }
  const outcome = await authorize(ctx, { params, submission, cookies: {}, jar: NO_BROWSER, form })
  if ('html' in outcome) throw invalidRequest(outcome.refused ?? 'sub is missing, expected a subject, deny or error')
  return outcome
}

const ignore = () => undefined
/** A cookie jar that drops all cookies: no browser uses the session. */
const NO_BROWSER = { setCookie: ignore, clearCookie: ignore }

function describe(response: AuthorizationResponse) {
  const twice = response.twice ? { twice: true } : {}
  if ('action' in response) return { action: response.action, fields: Object.fromEntries(response.fields), ...twice }
  const { search, hash } = new URL(response.location)
  const parameters = Object.fromEntries(new URLSearchParams(hash.slice(1) || search))
  return { location: response.location, parameters, ...twice }
}

/** The plugins of the admin API, with the validation of requests and the OpenAPI document that they share. */
import swagger, { type SwaggerOptions } from '@fastify/swagger'
import type { FastifyPluginAsync, RouteOptions } from 'fastify'
import { findRoute } from '../routes.js'
import { clients } from './clients.js'
import { clock } from './clock.js'
import { describeComponents } from './components.js'
import { type ConfigOptions, config } from './config.js'
import { deviceCodes } from './device_codes.js'
import { faults } from './faults.js'
import { grants } from './grants.js'
import { issuer } from './issuer.js'
import { journal } from './journal.js'
import { keys } from './keys.js'
import { login } from './login.js'
import { openapi } from './openapi.js'
import { reset } from './reset.js'
import { component, object } from './schema.js'
import { sessions } from './sessions.js'
import { tokens } from './tokens.js'
import { users } from './users.js'
import { createSchemaCompiler, requireJson } from './validation.js'

export interface AdminOptions extends ConfigOptions {
  /** JSON Schema of the configuration. */
  readonly schema: object
}

export const admin: FastifyPluginAsync<AdminOptions> = async (app, { schema, health, reload }) => {
  const components = describeComponents(schema)
  app.addHook('preValidation', requireJson)
  app.addHook('onRoute', refuseUnknownQuery)
  app.setValidatorCompiler(createSchemaCompiler({ schemas: components }))
  // A response is sent as the handler returns it; tests validate it against the schema.
  app.setSerializerCompiler(() => JSON.stringify)

  await app.register(swagger, DOCUMENT)
  await app.register(openapi, { components })
  await app.register(issuer)
  await app.register(users)
  await app.register(clients)
  await app.register(tokens)
  await app.register(sessions)
  await app.register(grants)
  await app.register(keys)
  await app.register(clock)
  await app.register(faults)
  await app.register(journal)
  await app.register(config, { health, reload })
  await app.register(reset)
  await app.register(login)
  await app.register(deviceCodes)
}

/** Refuses query parameters of routes that have none, as every unknown member is refused. */
function refuseUnknownQuery({ schema }: RouteOptions): void {
  if (schema !== undefined) schema.querystring ??= object({})
}

/** Refusals of every operation: 507 is the one of a full store. */
const REFUSED = {
  '4xx': { ...component('Refusal'), description: 'Refused. Nothing has changed.' },
  507: { ...component('Refusal'), description: 'The records need more memory than `server.memory_limit` leaves.' },
}

/** Options of the OpenAPI document. */
const DOCUMENT: SwaggerOptions = {
  hideUntagged: true,
  convertConstToEnum: false,
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'oidc-provider-mock',
      version: '1',
      description: 'Controls one issuer. A refused request changes nothing.',
    },
  },
  transform: ({ schema, url, route }) => {
    const operationId = `${String(route.method).toLowerCase()}_${findRoute(url)!.name}`
    return { schema: { ...schema, operationId, response: { ...(schema?.response as object), ...REFUSED } }, url }
  },
}

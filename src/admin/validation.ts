/** Validates requests to admin routes with their schemas and reports problems as for a configuration file. */
import type { FastifySchemaCompiler, preValidationHookHandler } from 'fastify'
import { createAjv } from '../config/ajv.js'
import { pointer } from '../config/errors.js'
import { readErrors } from '../config/schema.js'
import { invalidRequest } from '../errors.js'
import { readJson } from '../oauth/params.js'
import { MERGE_PATCH } from '../request/bodies.js'
import { requireExactNumbers } from './part.js'
import { mayBeMissing, type Schema } from './schema.js'

const PLACES: Readonly<Record<string, string>> = { body: 'the body', querystring: 'the query', params: 'the path' }

/** @param components the schemas that `$ref` refers to. */
export function createSchemaCompiler(components: Schema): FastifySchemaCompiler<Schema> {
  const ajvs = new Map<string, ReturnType<typeof createAjv>>()
  const ajvFor = (place: string) => {
    // A query has numbers as texts; JSON has types.
    const ajv = ajvs.get(place) ?? createAjv({ coerceTypes: place === 'querystring' }).addVocabulary(['components'])
    ajvs.set(place, ajv)
    return ajv
  }
  return ({ schema, httpPart: place = '' }) => {
    let check: ReturnType<ReturnType<typeof createAjv>['compile']> | undefined
    return (data: unknown) => {
      if (data === null && !mayBeMissing(schema)) {
        return {
          error: invalidRequest('the body is missing, expected a JSON object with content type application/json'),
        }
      }
      const value = data ?? {}
      // Compiled on first use, since most servers never use most routes.
      check ??= ajvFor(place).compile({ ...schema, components })
      if (check(value)) return { value }
      const complaints = readErrors(value, check.errors).complaints.map(({ path, message }) => {
        const where = place === 'body' ? pointer(path) : path.join('.')
        return `${where || PLACES[place]} ${message}`
      })
      return { error: invalidRequest(complaints.join('; ')) }
    }
  }
}

/** A hook that requires a body to be a JSON object, not a form, whose numbers were read without a change. */
export const requireJson: preValidationHookHandler = async ({ headers, body, method, raw_body }) => {
  if (body === undefined) return
  const { 'content-type': type } = headers
  readJson(method === 'PATCH' ? type?.replace(MERGE_PATCH, 'application/json') : type, body, invalidRequest)
  requireExactNumbers(raw_body)
}

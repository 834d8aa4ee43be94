/** Checks what comes to admin routes by their schemas, and refuses it in the words in which a configuration is refused. */
import type { FastifySchemaCompiler, preValidationHookHandler } from 'fastify'
import { createAjv } from '../config/ajv.js'
import { pointer } from '../config/errors.js'
import { readErrors } from '../config/schema.js'
import { invalidRequest } from '../errors.js'
import { readJson } from '../oauth/params.js'
import { mayBeMissing, type Schema } from './schema.js'

export const MERGE_PATCH = 'application/merge-patch+json'

const PLACES: Readonly<Record<string, string>> = { body: 'the body', querystring: 'the query', params: 'the path' }

/** @param components what the schemas refer to. */
export function createSchemaCompiler(components: Schema): FastifySchemaCompiler<Schema> {
  const ajvs = new Map<string, ReturnType<typeof createAjv>>()
  const ajvFor = (place: string) => {
    // A query has only texts to say numbers with; JSON says what it means.
    const ajv = ajvs.get(place) ?? createAjv({ coerceTypes: place === 'querystring' }).addVocabulary(['components'])
    ajvs.set(place, ajv)
    return ajv
  }
  return ({ schema, httpPart: place = '' }) => {
    let check: ReturnType<ReturnType<typeof createAjv>['compile']> | undefined
    return (data: unknown) => {
      if (data === null && !mayBeMissing(schema)) {
        return { error: invalidRequest('no body came, expected a JSON object of content type application/json') }
      }
      const value = data ?? {}
      // Most servers are never asked most of this.
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

/** A hook: a body is a JSON object that nests no deeper than anything here can hold. A form isn't one. */
export const requireJson: preValidationHookHandler = async ({ headers, body, method }) => {
  if (body === undefined) return
  const { 'content-type': type } = headers
  readJson(method === 'PATCH' ? type?.replace(MERGE_PATCH, 'application/json') : type, body, invalidRequest)
}

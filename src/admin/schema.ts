/** The parts that the schemas of admin routes are made of. OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0 */

export type Schema = Readonly<Record<string, unknown>>

/** A schema of `components.ts`: a part of the configuration, or what is made of it. */
export const component = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** An object with these members and no others. */
export const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length > 0 && { required }),
})

/** An answer with these members, all of them there. */
export const answer = (description: string, properties: Readonly<Record<string, Schema>>): Schema => ({
  ...object(properties, Object.keys(properties)),
  description,
})

export const listOf = (items: Schema): Schema => ({ type: 'array', items })
export const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more })
export const integer = (description: string, more: Schema = {}): Schema => ({ type: 'integer', description, ...more })
export const boolean = (description: string, more: Schema = {}): Schema => ({ type: 'boolean', description, ...more })

/** A moment, in seconds since the epoch, by the issuer's clock. */
export const time = (description: string): Schema => integer(`${description}, in seconds since the epoch.`)

/** What stands in the path. */
export const params = (name: string, description: string): Schema => ({
  type: 'object',
  properties: { [name]: text(description, { minLength: 1, maxLength: 255 }) },
})

/** Status 204: there is nothing to say. */
export const nothing = (description: string): Schema => ({ type: 'null', description })

/** What every refusal says: the component `Refusal`. */
export const REFUSAL = answer('Refused: nothing has changed.', {
  error: text('A code, such as `invalid_request` or `not_found`.'),
  error_description: text('What came, what was expected, and what to do.'),
})

/** Whether no body is as good as an empty object: where nothing of it is required. */
export function mayBeMissing(schema: Schema): boolean {
  return !['$ref', 'required', 'minProperties'].some((keyword) => Object.hasOwn(schema, keyword))
}

/** Builders for the schemas of admin routes. OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0 */

export type Schema = Readonly<Record<string, unknown>>

/** A reference to a schema of `components.ts`. */
export const component = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** An object with these members and no other members. */
export const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length > 0 && { required }),
})

/** A response body with these members, all of them required. */
export const responseWith = (description: string, properties: Readonly<Record<string, Schema>>): Schema => ({
  ...object(properties, Object.keys(properties)),
  description,
})

export const listOf = (items: Schema): Schema => ({ type: 'array', items })
export const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more })
export const integer = (description: string, more: Schema = {}): Schema => ({ type: 'integer', description, ...more })
export const boolean = (description: string, more: Schema = {}): Schema => ({ type: 'boolean', description, ...more })

/** A time by the issuer's clock, in seconds since the epoch. */
export const time = (description: string): Schema => integer(`${description}, in seconds since the epoch.`)

/** The parameter of a path. */
export const pathParameter = (name: string, description: string): Schema => ({
  type: 'object',
  properties: { [name]: text(description, { minLength: 1, maxLength: 255 }) },
})

/** A response without a body, with status 204. */
export const noContent = (description: string): Schema => ({ type: 'null', description })

/** The body of every refusal, the component `Refusal`. */
export const REFUSAL = responseWith('Refused. Nothing has changed.', {
  error: text('A code, such as `invalid_request` or `not_found`.'),
  error_description: text('The value found, the value expected, and how to correct it.'),
})

/** The refusal of a request that fits the schemas and violates a rule that they cannot express. */
export const refusedIf = (rule: string): Schema => ({
  ...component('Refusal'),
  description: `The request does not fit its schema, or ${rule}. Nothing has changed.`,
})

/** Whether a missing body counts as an empty object, which it does if no member is required. */
export function mayBeMissing(schema: Schema): boolean {
  return !['$ref', 'required', 'minProperties'].some((keyword) => Object.hasOwn(schema, keyword))
}

/** Validators for the schemas of admin routes. Those of the configuration are generated. */
import { Ajv2020, type Options } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

/** Creates a validator that fills in defaults, converts no types, and reports errors for `readErrors`. */
export function createAjv(options: Options = {}): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
    ...options,
  })
  formats.default(ajv)
  ajv.addVocabulary(['x-secret', 'x-restart', 'enumDescriptions'])
  return ajv
}

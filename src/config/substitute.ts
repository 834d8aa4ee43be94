/** `${NAME}` and `${NAME:-default}` in the values of a configuration. */
import { type Document, isScalar, Scalar, type ScalarTag } from 'yaml'

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `$${`, a variable, or a `${` that begins none. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Puts the variables into one scalar and returns what is wrong with them. The document is parsed by now, so whatever a
 * variable holds stays within this scalar.
 */
export function substitute(document: Document, scalar: Scalar, env: Environment): string[] {
  const { value, type, tag } = scalar
  if (typeof value !== 'string' || !value.includes('${')) return []
  const problems: string[] = []
  const text = value.replace(REFERENCE, (match, name: string | undefined, fallback: string | undefined) => {
    if (match === '$${') return '${'
    if (name === undefined) {
      problems.push('has a ${ that begins no variable; write ${NAME}, ${NAME:-default}, or $${ for ${ itself')
      return ''
    }
    const found = Object.hasOwn(env, name) ? env[name] : undefined
    // As in a shell: `:-` takes an empty variable for an unset one.
    const replacement = fallback === undefined ? found : found || fallback
    if (replacement === undefined) {
      problems.push(`needs the environment variable ${name}, which is not set; \${${name}:-default} would do without`)
    }
    return replacement ?? ''
  })
  scalar.value = type === Scalar.PLAIN && tag === undefined ? typed(document, text) : text
  return problems
}

/** A plain scalar's type follows from its text, as if the text had been in the file: 9400 is a number. */
function typed(document: Document, text: string): unknown {
  const tags = document.schema!.tags as ScalarTag[]
  const tag = tags.find((candidate) => candidate.default === true && candidate.test?.test(text))
  if (tag === undefined) return text
  const value = tag.resolve(text, () => undefined, {})
  return isScalar(value) ? value.value : value
}

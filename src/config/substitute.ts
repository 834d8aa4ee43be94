/** Substitutes `${NAME}` and `${NAME:-default}` in the values of a configuration. */
import { type Document, isScalar, Scalar, type ScalarTag } from 'yaml'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `$${`, a variable, or `${` without a variable name. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Substitutes the variables of one scalar and returns the problems. The document is already parsed, so the value of a
 * variable cannot change its structure.
 * @param place `secret`: whether the rest of the text is a secret, of which `${` can be a part; `text`: whether the value
 * must be a text, even if the variable has the form of a number.
 */
export function substitute(
  document: Document,
  scalar: Scalar,
  env: Environment,
  { secret, text: isText }: { readonly secret: boolean; readonly text: boolean },
): string[] {
  const { value, type, tag } = scalar
  if (typeof value !== 'string' || !value.includes('${')) return []
  const problems: string[] = []
  const text = value.replace(REFERENCE, (match, name: string | undefined, fallback: string | undefined) => {
    if (match === '$${') return '${'
    if (name === undefined) {
      problems.push('has a ${ without a variable name; write ${NAME}, ${NAME:-default}, or $${ for a literal ${')
      return ''
    }
    const found = Object.hasOwn(env, name) ? env[name] : undefined
    // As in a shell, `:-` treats an empty variable as unset.
    const replacement = fallback === undefined ? found : found || fallback
    if (replacement === undefined && secret && match !== value) {
      problems.push('has a ${ with the name of an environment variable that is not set; write $${ for a literal ${')
    } else if (replacement === undefined) {
      problems.push(`needs the environment variable ${name}, which is not set; set it, or write \${${name}:-default}`)
    }
    return replacement ?? ''
  })
  scalar.value = type === Scalar.PLAIN && tag === undefined && !isText ? typed(document, text) : text
  // Messages show a number as the variable has it.
  scalar.source = text
  return problems
}

/** Returns the value of a plain scalar with the type that its text has in a file: 9400 is a number. */
function typed(document: Document, text: string): unknown {
  const tags = document.schema!.tags as ScalarTag[]
  const tag = tags.find((candidate) => candidate.default === true && candidate.test?.test(text))
  if (tag === undefined) return text
  const value = tag.resolve(text, () => undefined, {})
  return isScalar(value) ? value.value : value
}

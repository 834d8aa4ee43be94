/** Substitutes `${NAME}`, `${NAME:-default}` and `${file:PATH}` in the values of a configuration. */
import { resolve } from 'node:path'
import { type Document, isMap, isPair, isScalar, isSeq, Scalar, type ScalarTag } from 'yaml'
import type { Hidden } from './hidden.js'
import { type Content, textOf } from './read.js'
import { describeFile } from './show.js'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The sources of the texts that replace references. */
export interface Variables {
  readonly env: Environment
  /** The base of relative paths of files. */
  readonly folder: string
  /** Returns the content of a file. */
  read(file: string): Promise<Content>
}

/** Variables whose files were read. */
export interface ReadVariables extends Omit<Variables, 'read'> {
  readonly contents: ReadonlyMap<string, Content>
}

/** `$${`, a file, a variable, or `${` without a name. `${file:-default}` is the variable `file`. */
const REFERENCE = /\$\$\{|\$\{file:(?!-)([^}]+)\}|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/** Reads the files that the values of a document refer to. */
export async function readReferences(document: Document, { env, folder, read }: Variables): Promise<ReadVariables> {
  const names = new Set<string>()
  const collect = (node: unknown): void => {
    if (isPair(node)) collect(node.value)
    else if (isMap(node) || isSeq(node)) for (const item of node.items) collect(item)
    else if (isScalar(node) && typeof node.value === 'string') {
      for (const [, file] of node.value.matchAll(REFERENCE)) if (file !== undefined) names.add(resolve(folder, file))
    }
  }
  collect(document.contents)
  const entries = [...names].map(async (file) => [file, await read(file)] as const)
  return { env, folder, contents: new Map(await Promise.all(entries)) }
}

/**
 * Substitutes the variables and files of one scalar and returns the problems. The document is already parsed, so the value
 * of a variable cannot change its structure.
 * @param hidden takes the texts of files, and the value with them.
 * @param place `secret`: whether the rest of the text is a secret, of which `${` can be a part; `text`: whether the value
 * must be a text, even if the variable has the form of a number.
 */
export function substitute(
  document: Document,
  scalar: Scalar,
  { env, folder, contents }: ReadVariables,
  hidden: Hidden[],
  { secret, text: isText }: { readonly secret: boolean; readonly text: boolean },
): string[] {
  const { value, type, tag } = scalar
  if (typeof value !== 'string' || !value.includes('${')) return []
  const problems: string[] = []
  const known = hidden.length
  const text = value.replace(REFERENCE, (match, file?: string, name?: string, fallback?: string) => {
    if (match === '$${') return '${'
    if (file !== undefined) {
      try {
        // Editors and programs end a text with a line feed, which is no part of a secret.
        const content = textOf(contents.get(resolve(folder, file))!).replace(/\r?\n$/, '')
        hidden.push({ text: content, shown: match })
        return content
      } catch (error) {
        problems.push(describeFile(folder, file, (error as Error).message))
        return ''
      }
    }
    if (name === undefined) {
      problems.push(
        'has a ${ without a variable name; write ${NAME}, ${NAME:-default}, ${file:PATH}, or $${ for a literal ${',
      )
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
  // With the text around, as in `https://${file:name}/`.
  if (hidden.length > known) hidden.push({ text, shown: value })
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

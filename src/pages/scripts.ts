/** The scripts of the few pages that have one, and what allows each of them. Content Security Policy Level 3 §8.3. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** By page; the page has it inline. */
export const SCRIPTS = {
  check_session: readInline('check_session.js'),
  double_callback: readInline('double_callback.js'),
  form_post: readInline('form_post.js'),
  session_ended: readInline('session_ended.js'),
} as const

/** Each as a source for the Content-Security-Policy, without its quotes. */
export const SCRIPT_HASHES = {
  check_session: hashOf(SCRIPTS.check_session),
  double_callback: hashOf(SCRIPTS.double_callback),
  form_post: hashOf(SCRIPTS.form_post),
  session_ended: hashOf(SCRIPTS.session_ended),
} as const

/** The text of a file beside this one, to stand inline in a page. */
export function readInline(file: string): string {
  // A browser reads every line break as LF before it hashes, whatever a checkout has made of the file.
  return readFileSync(join(import.meta.dirname, file), 'utf8').replaceAll('\r\n', '\n')
}

/** What a policy calls an inline text by. */
export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

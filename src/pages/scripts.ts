/** Inline scripts of pages and their hashes. Content Security Policy Level 3 §8.3. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECK_SESSION } from '../generated/check_session.js'

/** Scripts by page. */
export const SCRIPTS = {
  check_session: CHECK_SESSION,
  double_callback: readInline('double_callback.js'),
  error_message: readInline('error_message.js'),
  filter: readInline('filter.js'),
  form_post: readInline('form_post.js'),
  session_ended: readInline('session_ended.js'),
} as const

/** Hashes of the scripts, as sources of a Content-Security-Policy without quotes. */
export const SCRIPT_HASHES = {
  check_session: hashOf(SCRIPTS.check_session),
  double_callback: hashOf(SCRIPTS.double_callback),
  error_message: hashOf(SCRIPTS.error_message),
  filter: hashOf(SCRIPTS.filter),
  form_post: hashOf(SCRIPTS.form_post),
  session_ended: hashOf(SCRIPTS.session_ended),
} as const

/** Reads a file of this directory, to be inlined in a page. */
export function readInline(file: string): string {
  // A browser converts line breaks to LF before it computes the hash; a checkout may have CRLF.
  return readFileSync(join(import.meta.dirname, file), 'utf8').replaceAll('\r\n', '\n')
}

/** Returns the hash of an inline text, as a policy names it. */
export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** What a page may load and run, and who may frame it: nothing and nobody, unless it says so. Content Security Policy Level 3 §6. */
import { STYLE_HASH } from './render.js'

const DIRECTIVES = {
  'default-src': "'none'",
  'style-src': `'${STYLE_HASH}'`,
  'img-src': 'data:',
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
  // No form-action: browsers hold the redirects after a form to it, and those lead to any client.
}

/** The header's value; a directive that a page needs otherwise takes the place of the usual one, or is added. */
export function contentSecurityPolicy(others: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...DIRECTIVES, ...others })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join(';')
}

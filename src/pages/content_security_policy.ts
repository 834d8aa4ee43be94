/** The Content-Security-Policy header: a page loads, runs and can be framed by nothing, unless it adds a directive. Content Security Policy Level 3 §6. */
import { STYLE_HASH } from './render.js'

const DIRECTIVES = {
  'default-src': "'none'",
  'style-src': `'${STYLE_HASH}'`,
  'img-src': 'data:',
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
  // No form-action: browsers apply it to redirects after a form, which lead to any client.
}

/** Returns the value of the header. `others` replaces or adds directives. */
export function contentSecurityPolicy(others: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...DIRECTIVES, ...others })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join(';')
}

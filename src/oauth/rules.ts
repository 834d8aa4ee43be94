/** Rules that a profile switches: held to under `strict`, and remarked upon where they are off. */
import type { Rule } from '../config/profiles.js'
import type { Context } from '../context.js'
import type { OAuthError } from '../errors.js'

/** Throws the refusal where the rule is on; else says once that a strict provider would have refused, and goes on. */
export function enforce(ctx: Context, rule: Rule, refusal: OAuthError): void {
  if (ctx.snapshot.rules[rule]) throw refusal
  ctx.remark('would_be_refused', `would be refused by a strict provider: ${refusal.message}`, {
    rule,
    error: refusal.error,
  })
}

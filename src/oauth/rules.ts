/** Rules that a profile switches on or off. A violated rule that is off gives a remark in the journal. */
import type { Rule } from '../config/profiles.js'
import type { Context } from '../context.js'
import { decidedBy, type OAuthError } from '../errors.js'

/** Throws the refusal if the rule is on; otherwise adds a remark that a strict provider would refuse the request. */
export function enforce(ctx: Context, rule: Rule, refusal: OAuthError): void {
  // A key of the client is closer than the rule.
  if (ctx.snapshot.rules[rule]) throw refusal.decided_by === undefined ? decidedBy(refusal, 'rules', rule) : refusal
  ctx.remark('would_be_refused', `would be refused by a strict provider: ${refusal.message}`, {
    rule,
    error: refusal.error,
  })
}

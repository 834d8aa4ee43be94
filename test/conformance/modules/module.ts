/** What a check of certification is here, and how it becomes a test. */
import t, { type Test } from 'tap'
import type { Check } from '../checks.js'
import type { Plan } from '../plan.js'
import { RelyingParty } from '../relying_party.js'
import { startWorld } from '../world.js'

export interface Module {
  readonly name: Check
  /** The specification and its section. */
  readonly section: string
  readonly rule: string
  /** For which response types; left out, for all. */
  readonly applies?: (plan: Plan) => boolean
  run(rp: RelyingParty): Promise<void>
}

/** Makes a test of each module that applies, for each plan; all of them share one provider. */
export async function runModules(modules: readonly Module[], plans: readonly Plan[]): Promise<void> {
  const world = await startWorld(t as unknown as Test)
  for (const plan of plans) {
    const { response_type, response_mode = '', token_endpoint_auth_method = '' } = plan
    const variant = [response_type, response_mode, token_endpoint_auth_method].filter((word) => word !== '').join(', ')
    for (const { name, section, rule, applies = () => true, run } of modules) {
      if (!applies(plan)) continue
      await t.test(`${section} (${name}, ${variant}): ${rule}`, async (t) => {
        await run(new RelyingParty(t, world, plan))
      })
    }
  }
}

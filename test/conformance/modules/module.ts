/** Turns modules of the certification into tests. */
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
  /** Response types of the module; all if absent. */
  readonly applies?: (plan: Plan) => boolean
  run(rp: RelyingParty): Promise<void>
}

/** Defines a test of each applicable module for each plan. All tests share one provider. */
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

/** What a check of certification is here, and how it becomes a test. */
import t, { type Test } from 'tap'
import type { Check } from '../checks.js'
import type { Plan } from '../plan.js'
import { RelyingParty } from '../relying_party.js'
import { createWorld, startWorld, type World } from '../world.js'

export interface Module {
  readonly name: Check
  /** The specification and its section. */
  readonly section: string
  readonly rule: string
  /** For which response types; left out, for all. */
  readonly applies?: (plan: Plan) => boolean
  /** Whether the clock is moved, which takes a provider of the test's own making. */
  readonly clock?: true
  run(rp: RelyingParty): Promise<void>
}

/** Makes a test of each module that applies, for each plan; all of them share one provider, or two. */
export async function runModules(modules: readonly Module[], plans: readonly Plan[]): Promise<void> {
  const worlds = new Map<boolean, Promise<World>>()
  const worldFor = (clock: boolean): Promise<World> => {
    const world = worlds.get(clock) ?? (clock ? createWorld(t as unknown as Test) : startWorld(t as unknown as Test))
    worlds.set(clock, world)
    return world
  }
  for (const plan of plans) {
    const { response_type, response_mode = '', token_endpoint_auth_method = '' } = plan
    const variant = [response_type, response_mode, token_endpoint_auth_method].filter((word) => word !== '').join(', ')
    for (const { name, section, rule, applies = () => true, clock = false, run } of modules) {
      if (!applies(plan)) continue
      await t.test(`${section} (${name}, ${variant}): ${rule}`, async (t) => {
        await run(new RelyingParty(t, await worldFor(clock), plan))
      })
    }
  }
}

/** Adds, lists and deletes the fault rules of an issuer. */

import type { DeclaredFault } from '../faults/doors/find.js'
import type { FaultDescription } from '../faults/requirements.js'
import type { Fault } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** A refused call throws an `AdminError`. A rule whose fault can never happen is refused, with the reason. */
export interface FaultsHandle {
  /** Adds a rule, as under `faults` in the file. Its `id` deletes it. */
  add(rule: Fault): Promise<DeclaredFault>
  /** Returns the rules of all sources with their counters. */
  list(): Promise<readonly DeclaredFault[]>
  /** Returns a rule with its counters. An unknown id is refused with `not_found`. */
  get(id: string): Promise<DeclaredFault>
  /** Deletes a rule of run time. */
  delete(id: string): Promise<void>
  /** Deletes all rules of run time. */
  clear(): Promise<void>
  /** Returns the fault catalogue: effects, required reactions, endpoints and parameters. */
  catalogue(): Promise<readonly FaultDescription[]>
}

export const createFaultsHandle = ({ call }: Caller): FaultsHandle => ({
  add: (rule) => call('POST', PATHS.faults, { body: rule }),
  list: async () => (await call<{ faults: DeclaredFault[] }>('GET', PATHS.faults)).faults,
  get: (id) => call('GET', PATHS.fault, { params: { id } }),
  delete: (id) => call('DELETE', PATHS.fault, { params: { id } }),
  clear: () => call('DELETE', PATHS.faults),
  catalogue: async () => (await call<{ faults: FaultDescription[] }>('GET', PATHS.fault_catalogue)).faults,
})

/** What goes wrong at an issuer, from a test's point of view. */

import type { DeclaredFault } from '../faults/doors/find.js'
import type { CatalogueEntry, FaultName } from '../faults/row.js'
import type { Fault } from '../generated/input.js'
import { PATHS } from '../routes.js'
import type { Caller } from './call.js'

/** Every call throws an `AdminError` if it is refused: a rule that could not happen is, with the reason. */
export interface FaultsHandle {
  /** Adds a rule, the same as under `faults` in the file. Answers with its `id`, which deletes it. */
  add(rule: Fault): Promise<DeclaredFault>
  /** Every rule of every source, with how often it `matched` and `hits`. */
  list(): Promise<readonly DeclaredFault[]>
  /** The rule with its counters. Refused with `not_found` where there is none. */
  get(id: string): Promise<DeclaredFault>
  /** Removes a rule of run time. */
  delete(id: string): Promise<void>
  /** Removes every rule of run time. */
  clear(): Promise<void>
  /** Every fault there is: what it does, what a client must do about it, where it can happen, what it takes. */
  catalogue(): Promise<readonly (CatalogueEntry & { readonly fault: FaultName })[]>
}

export const createFaultsHandle = ({ call }: Caller): FaultsHandle => ({
  add: (rule) => call('POST', PATHS.faults, { body: rule }),
  list: async () => (await call<{ faults: DeclaredFault[] }>('GET', PATHS.faults)).faults,
  get: (id) => call('GET', PATHS.fault, { params: { id } }),
  delete: (id) => call('DELETE', PATHS.fault, { params: { id } }),
  clear: () => call('DELETE', PATHS.faults),
  catalogue: async () =>
    (await call<{ faults: (CatalogueEntry & { fault: FaultName })[] }>('GET', PATHS.fault_catalogue)).faults,
})

/** Warnings: values of a valid configuration that are probably not intended, each with the text to write instead. */
import type { Config } from '../../generated/types.js'
import type { Complaint } from '../errors.js'
import { checkSharedClaims } from '../provided_claims.js'
import { checkClaimTypes } from './claim_types.js'
import { checkNamed } from './named_users.js'

/** Returns the warnings of a valid configuration. */
export function findWarnings(config: Config): Complaint[] {
  return [...checkClaimTypes(config), ...checkSharedClaims(config), ...checkNamed(config)]
}

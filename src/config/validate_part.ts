/** Checks a user, a client or a fault from the admin API with the rules of the file. */
import type { Client, Config, Fault, User } from '../generated/types.js'
import { validateClient, validateFault, validateUser } from '../generated/validators.js'
import { check } from './check/index.js'
import { pointer } from './errors.js'
import { type Pruned, readErrors } from './schema.js'

interface Types {
  readonly User: User
  readonly Client: Client
  readonly Fault: Fault
}

export type Parts = keyof Types
export type PartOf<P extends Parts> = Types[P]

const VALIDATORS = { User: validateUser, Client: validateClient, Fault: validateFault } as const
/** The section of the configuration with each part. */
const LISTS = { User: 'users', Client: 'clients', Fault: 'faults' } as const satisfies Record<Parts, keyof Config>

/** The value with defaults filled in, or its problems, such as `/claims/sub is "eve", expected …`. */
export type Checked<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly string[] }

export type PartValidator = <P extends Parts>(part: P, value: unknown) => Checked<PartOf<P>>

/** Creates a validator. @param config the configuration that a part must be consistent with. */
export function createPartValidator(config: Config): PartValidator {
  return <P extends Parts>(part: P, value: unknown) => {
    const validate = VALIDATORS[part]
    const filled = structuredClone(value)
    validate(filled)
    const { complaints, pruned } = readErrors(filled, validate.errors)
    const list = LISTS[part]
    const rest = { users: [], clients: [], faults: [] }
    // The rest of the configuration was checked when it was loaded.
    const whole = { ...config, ...rest, [list]: [pruned] } as Pruned<Config>
    const misfits = check(whole, config as Pruned<Config>).filter(({ path }) => path[0] === list)
    const problems = [
      ...complaints.map(({ path, message }) => describe(part, path, message)),
      ...misfits.map(({ path, message }) => describe(part, path.slice(2), message)),
    ]
    return problems.length === 0 ? { value: filled as PartOf<P> } : { problems }
  }
}

function describe(part: Parts, path: readonly string[], message: string): string {
  return `${path.length === 0 ? `the ${part.toLowerCase()}` : pointer(path)} ${message}`
}

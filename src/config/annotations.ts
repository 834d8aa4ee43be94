/** Annotations of the schema: `x-secret`, a value that is never shown, and `x-restart`, a key that needs a restart. */
import { RESTART_KEYS, SECRET_KEYS } from '../generated/values.js'

const SECRETS = SECRET_KEYS.map((key) => key.split('.'))

/** Whether the value at a path of the configuration is a secret or part of one. */
export function isSecret(path: readonly string[]): boolean {
  return SECRETS.some(
    (names) => names.length <= path.length && names.every((name, index) => name === '*' || name === path[index]),
  )
}

/** Whether a change of the value at a path of the configuration takes effect at the next start. */
export function needsRestart(path: readonly string[]): boolean {
  return RESTART_KEYS.includes(path.join('.'))
}

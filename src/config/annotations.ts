/** Keys of the schema: secrets, which are never shown, keys that need a restart, and texts. */
import { RESTART_KEYS, SECRET_KEYS, TEXT_KEYS } from '../generated/values.js'

const SECRETS = SECRET_KEYS.map((key) => key.split('.'))
const TEXTS = TEXT_KEYS.map((key) => key.split('.'))

/** Whether the value at a path of the configuration is a secret or part of one. */
export function isSecret(path: readonly string[]): boolean {
  return SECRETS.some((names) => names.length <= path.length && matches(names, path))
}

/** Whether the value at a path of the configuration must be a text. */
export function isText(path: readonly string[]): boolean {
  return TEXTS.some((names) => names.length === path.length && matches(names, path))
}

const matches = (names: readonly string[], path: readonly string[]) =>
  names.every((name, index) => name === '*' || name === path[index])

/** Whether a change of the value at a path of the configuration takes effect at the next start. */
export function needsRestart(path: readonly string[]): boolean {
  return RESTART_KEYS.includes(path.join('.'))
}

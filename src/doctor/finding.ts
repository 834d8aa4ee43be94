/** One result of the doctor. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'warn' | 'fail'
  /** The subject, such as `discovery`, `issuer` or `jwks_uri`. */
  readonly about: string
  readonly message: string
  /** The recommended setting or action. */
  readonly advice?: string
}

export const ok = (about: string, message: string): Finding => ({ level: 'ok', about, message })

/** Creates a note about a need of some clients. A provider with notes is healthy. */
export const note = (about: string, message: string, advice: string): Finding => {
  return { level: 'note', about, message, advice }
}

/** Creates a finding that can be intended but may break clients. */
export const warn = (about: string, message: string, advice: string): Finding => {
  return { level: 'warn', about, message, advice }
}

/** Creates a finding that breaks every client. */
export const fail = (about: string, message: string, advice: string): Finding => {
  return { level: 'fail', about, message, advice }
}

/** One thing that the doctor has to say. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  /** What it is about: `discovery`, `issuer`, `jwks_uri`, … */
  readonly about: string
  readonly message: string
  /** What to set, or to do. */
  readonly advice?: string
}

export const ok = (about: string, message: string): Finding => ({ level: 'ok', about, message })

/** It may be meant so, but clients can stumble over it. */
export const warn = (about: string, message: string, advice: string): Finding => {
  return { level: 'warn', about, message, advice }
}

/** No client gets past it. */
export const fail = (about: string, message: string, advice: string): Finding => {
  return { level: 'fail', about, message, advice }
}

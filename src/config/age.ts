/** Ages by the clock of the system: the clocks of issuers can be set, and files know nothing of them. */

/** Milliseconds without a write after which a file is complete. */
export const QUIET = 250

/** Returns milliseconds since some moment in the past. They never go back. */
export const elapsed = () => performance.now()

/** Whether a time is no moment ago. A time in the future is one of a file server with another clock. */
export const isPast = (milliseconds: number) => Math.abs(Date.now() - milliseconds) >= QUIET

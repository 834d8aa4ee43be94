/** Reports the isolated issuers that a limit has removed, so that their users know why their records are gone. */

/** Shortest time between two lines, in milliseconds. */
const PAUSE = 60_000

/**
 * Creates a function that counts a removed issuer. The first one is reported at once, the following ones together.
 * @param limit the key of the configuration that removed it.
 */
export function createRemovalReport(limit: string, warn: (message: string) => void, pause = PAUSE): () => void {
  let count = 0
  let pausing = false
  const report = () => {
    pausing = count > 0
    if (!pausing) return
    warn(`${describe(count)} to keep ${limit}; delete or reset issuers that are done, or raise the limit`)
    count = 0
    setTimeout(report, pause).unref()
  }
  return () => {
    count += 1
    if (!pausing) report()
  }
}

const describe = (count: number) =>
  count === 1
    ? 'the least recently used isolated issuer was removed'
    : `the ${count} least recently used isolated issuers were removed`

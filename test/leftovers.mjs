// Finds processes that outlive the tests that started them. Every process inherits a variable by which it is found.
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Seconds that a process may take to end after its test. */
const GRACE = 30

/** Returns a variable for the environment of a test. */
export function createMark() {
  return { TEST_RUN: randomUUID() }
}

/** Ends the processes with this mark that still run after a grace period. Returns their command lines. Needs `/proc`. */
export async function endLeftovers({ TEST_RUN }) {
  const end = performance.now() + GRACE * 1000
  let found = findMarked(TEST_RUN)
  while (found.length > 0 && performance.now() < end) {
    await setTimeout(100)
    found = findMarked(TEST_RUN)
  }
  const commands = found.map(({ command }) => command)
  for (const { pid } of found) attempt(() => process.kill(pid, 'SIGKILL'))
  return commands
}

function findMarked(mark) {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    // A process may end or belong to another user.
    const environment = attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? ''
    if (!environment.includes(`TEST_RUN=${mark}`)) return []
    const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ?? ''
    return [{ pid: Number(pid), command }]
  })
}

function attempt(action) {
  try {
    return action()
  } catch {
    return undefined
  }
}

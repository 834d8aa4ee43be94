/** Figures of a process, by `/proc`. */
import { existsSync, readFileSync } from 'node:fs'

/** Returns the resident memory of a process in megabytes; undefined on systems without `/proc`. */
export function readRss(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1]
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
}

/** Returns the CPU time of a process in milliseconds. proc_pid_stat(5): utime and stime, in hundredths of a second. */
export function readCpu(pid: number): number | undefined {
  const fields = readProc(pid, 'stat').split(') ')[1]?.split(' ')
  return fields === undefined ? undefined : 10 * (Number(fields[11]) + Number(fields[12]))
}

/**
 * Returns the time that the main thread of a process and this thread have waited for a core, in milliseconds; 0 on systems
 * without `/proc`. Scheduler statistics of Linux: the second field, in nanoseconds.
 */
export function readWaited(pid: number): number {
  const texts = [readProc(pid, 'schedstat'), readProc('thread-self', 'schedstat')]
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[1] ?? 0), 0) / 1e6
}

function readProc(pid: number | 'thread-self', name: string): string {
  const file = `/proc/${pid}/${name}`
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

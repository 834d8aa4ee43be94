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

function readProc(pid: number, name: string): string {
  const file = `/proc/${pid}/${name}`
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

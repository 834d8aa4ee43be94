#!/usr/bin/env node
/** The command: runs the command line in this process, which a signal ends. */
import { setFlagsFromString } from 'node:v8'
import type { Sources } from '../config/load.js'
import { createProvider, type Running } from '../provider.js'
import { runProgram } from './program.js'

/**
 * Options of V8 that keep garbage small: the heap grows by 10 % between two collections, and the part for new objects keeps its
 * first size. By default, garbage takes several times as much memory; measured, this costs 4 % of the CPU time of a login.
 */
const FLAGS = ['--heap-growing-percent=10', '--semi-space-growth-factor=1']

async function serve(sources: Sources): Promise<void> {
  for (const flag of FLAGS) setFlagsFromString(flag)
  let provider: Running | undefined
  const stop = () => {
    if (provider === undefined) process.exit(0)
    // A second signal ends the process at once.
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    void provider.close()
  }
  // Set before anything else: the kernel delivers signals to the first process of a container only if it has handlers.
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const starting = createProvider(sources, process.stdout)
  // A SIGHUP during the start reloads right after it.
  process.on('SIGHUP', () => void starting.then((started) => started.reload()))
  provider = await starting
}

const { env, stdin, stdout, stderr } = process
process.exitCode = await runProgram(process.argv.slice(2), { env, stdin, stdout, stderr, serve })

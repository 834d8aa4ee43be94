/** The configuration that is piped into the command, as `--config -`. */
import { ConfigError } from '../config/errors.js'
import type { Sources } from '../config/load.js'
import { readStream, reasonOf } from '../config/read.js'

/** Standard input of the command. */
export type Input = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean }

/** The name of standard input in messages, and in place of the name of a file. */
export const STDIN = '<stdin>'
export const DASH = '-'

/** Reads standard input to its end. */
export async function readInput(stdin: Input, stderr: NodeJS.WritableStream): Promise<string> {
  if (stdin.isTTY === true) stderr.write('reading the configuration from the terminal; end it with Ctrl-D\n')
  return await readStream(stdin).catch((error) => {
    throw new ConfigError([{ file: STDIN, path: '', message: reasonOf(error) }])
  })
}

/** Replaces `--config -` by the text of standard input. */
export async function withInput(sources: Sources, stdin: Input, stderr: NodeJS.WritableStream): Promise<Sources> {
  if (sources.config !== DASH) return sources
  const { config_text } = sources
  if (config_text !== undefined) {
    const message = 'is a configuration, and standard input is another one; remove one of them'
    throw new ConfigError([{ file: config_text.name, path: '', message }])
  }
  return { ...withoutInput(sources), config_text: { name: STDIN, text: await readInput(stdin, stderr) } }
}

/** Leaves out `--config -`, for a command that runs beside the one that reads standard input. */
export function withoutInput({ config, ...sources }: Sources): Sources {
  return config === undefined || config === DASH ? sources : { config, ...sources }
}

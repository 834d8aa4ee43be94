/** The layout and the colors of `--help` and of messages about a wrong command line. */
import { styleText } from 'node:util'
import type { Command, Help, HelpConfiguration } from 'commander'
import type { Environment } from '../config/substitute.js'
import { hasColors } from '../logger.js'

/** An output of the command; a terminal has `columns`. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/** Bounds of the width of `--help`: a longer line is hard to read, and a shorter one holds no name of a variable. */
const NARROWEST = 40
const WIDEST = 120

/** Adds the style to a text. Commander removes styles from the output if it has no colors. */
const style = (format: 'bold' | 'cyan' | 'dim' | 'red', text: string) =>
  styleText(format, text, { validateStream: false })

/** Marks a message as an error if the output has colors. */
export function formatError(text: string, stderr: Output, env: Environment): string {
  if (!hasColors(stderr, env)) return text
  return text.replace(/.+/g, (line) => style('red', line))
}

/** Returns the width for a terminal, or for a file. */
const widthOf = ({ columns = 80 }: Output) => Math.min(Math.max(columns, NARROWEST), WIDEST)

/** Writes the help and the errors of the command to these outputs, as wide and as colorful as they allow. */
export function configureOutput(command: Command, stdout: Output, stderr: Output, env: Environment): Command {
  return command.configureHelp(LAYOUT).configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
    getOutHelpWidth: () => widthOf(stdout),
    getOutHasColors: () => hasColors(stdout, env),
    outputError: (text, write) => write(formatError(text, stderr, env)),
  })
}

const LAYOUT: HelpConfiguration = {
  minWidthToWrap: 20,
  optionDescription: (option) => option.description,
  styleTitle: (text) => style('bold', text),
  styleOptionTerm: (text) => style('cyan', text),
  styleSubcommandTerm: (text) => style('cyan', text),
  styleOptionDescription: (text) => text.replace(/\[\w+\]$/, (variable) => style('dim', variable)),
  formatItem: (term, _width, description, helper) => formatItem(term, description, helper),
}

/** Formats a term with its description, which begins in the next line if the term is long. */
function formatItem(term: string, description: string, helper: Help): string {
  const width = helper.helpWidth!
  const column = width < 72 ? 6 : 30
  const indent = ' '.repeat(column)
  const head = `  ${term}`
  const [first, ...rest] = helper.boxWrap(description, width - column).split('\n')
  const fits = helper.displayWidth(head) <= column - 2
  const start = fits ? head + ' '.repeat(column - helper.displayWidth(head)) : `${head}\n${indent}`
  return [start + first, ...rest.map((line) => indent + line)].join('\n')
}

/** Returns the end of `--help`: a paragraph, and examples with what they do. */
export function formatEpilog(command: Command, text: string, examples: readonly (readonly [string, string])[]): string {
  const helper = command.createHelp()
  helper.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth!() })
  const rows = examples.map(([example, effect]) => formatItem(helper.styleOptionTerm(example), effect, helper))
  return `\n${helper.boxWrap(text, helper.helpWidth!)}\n\n${helper.styleTitle('Examples:')}\n${rows.join('\n')}`
}

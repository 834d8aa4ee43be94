/** Problems of a configuration, with their positions. */

export interface Problem {
  /** The name of the file as the user wrote it, or the source of an override such as `--port`. */
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** A JSON pointer; empty for the whole document. */
  readonly path: string
  readonly message: string
  /** The line of a syntax error, and a caret below its column; absent if the line can have a secret. */
  readonly excerpt?: string
}

/** A problem before its file, line and column are looked up. */
export interface Complaint {
  /** Path from the root of the merged configuration. */
  readonly path: readonly string[]
  /** The position to report: the key if the key itself is wrong, else the value. */
  readonly at: 'key' | 'value'
  readonly message: string
}

/** Largest number of problems that are listed: a mistake in a generated file can be repeated thousands of times. */
const MOST_PROBLEMS = 100

/** An invalid configuration, with its problems. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const listed = limitProblems(problems, 'problems')
    super(listed.map(formatProblem).join('\n'))
    this.problems = listed
  }
}

/** Returns the first problems, and the number of the others. @param noun of the problems, such as `warnings`. */
export function limitProblems(problems: readonly Problem[], noun: string): readonly Problem[] {
  const next = problems[MOST_PROBLEMS]
  if (next === undefined) return problems
  const more = {
    file: next.file,
    path: '',
    message: `has ${problems.length - MOST_PROBLEMS} more ${noun}, which are not listed`,
  }
  return [...problems.slice(0, MOST_PROBLEMS), more]
}

/** Returns a problem in one line, and its excerpt below: `config.yaml:4:19 /clients/0/redirect_url is not a known key; did you mean redirect_uris?` */
export function formatProblem({ file, line, column, path, message, excerpt }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const sentence = [place, path, message].filter((part) => part !== '').join(' ')
  return excerpt === undefined ? sentence : `${sentence}\n${excerpt.replace(/^/gm, '  ')}`
}

/** Returns the JSON pointer for a path (RFC 6901 §3). */
export function pointer(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What is wrong with a configuration: every problem at once, each with its place, in words for people. */

export interface Problem {
  /** The file as the user named it, or the source of an override such as `--port`. */
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** A JSON pointer; '' is the whole document. */
  readonly path: string
  readonly message: string
}

/** A problem whose path is known, but not yet the file, line and column that it comes from. */
export interface Complaint {
  /** Segments from the root of the merged configuration. */
  readonly path: readonly string[]
  /** Which of the two to point at. An unknown key is wrong itself; elsewhere the value is. */
  readonly at: 'key' | 'value'
  readonly message: string
}

/** A configuration that can't be used, with all the reasons. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** One line: `config.yaml:4:19 /clients/0/redirect_url is not a known key; did you mean redirect_uris?` */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return [place, path, message].filter((part) => part !== '').join(' ')
}

/** A JSON pointer of these segments (RFC 6901 §3). */
export function pointer(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

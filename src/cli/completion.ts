/** Scripts by which a shell completes the command line. They follow from the commands and options of commander. */
import type { Command, Option } from 'commander'

/** The shells that have a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** Completions of a value: words, the names of files or folders, or none that are known. */
type Values = readonly string[] | 'files' | 'folders' | 'unknown'

interface CompletedOption {
  /** Short and long name, such as `-c` and `--config`. */
  readonly names: readonly string[]
  /** `-c` without the hyphen. */
  readonly letter?: string
  readonly long: string
  readonly description: string
  /** Completions of its value; undefined for an option without a value. */
  readonly values?: Values
  /** Whether the option can be given without its value. */
  readonly optional: boolean
}

interface Completed {
  /** The name of a subcommand; empty for the command itself. */
  readonly name: string
  readonly description: string
  readonly options: readonly CompletedOption[]
  /** Completions of the arguments. */
  readonly values: Values
}

/** Returns the script for a shell. */
export function completionScript(shell: (typeof SHELLS)[number], program: Command): string {
  const own = describe(program)
  const subcommands = program.commands.map(describe)
  return SCRIPTS[shell](program.name(), { ...own, name: '' }, subcommands)
}

function describe(command: Command): Completed {
  const [argument] = command.registeredArguments
  return {
    name: command.name(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(describeOption),
    values: argument?.argChoices ?? (argument?.name() === 'FILE' ? 'files' : 'unknown'),
  }
}

function describeOption({ flags, short, long, description, argChoices, required, optional }: Option): CompletedOption {
  const placeholder = /[<[](\w+)/.exec(flags)?.[1] ?? ''
  return {
    names: [short, long].filter((name) => name !== undefined),
    ...(short !== undefined && { letter: short.slice(1) }),
    long: long!.slice(2),
    description: description.replace(/ \[\w+\]$/, ''),
    ...((required || optional) && { values: argChoices ?? VALUES[placeholder] ?? 'unknown' }),
    optional,
  }
}

/** The values of placeholders in `--help`. */
const VALUES: Readonly<Record<string, Values>> = { FILE: 'files', FOLDER: 'folders', BOOL: ['true', 'false'] }

const SCRIPTS = { bash, zsh, fish }

function bash(name: string, own: Completed, subcommands: readonly Completed[]): string {
  const call = functionName(name)
  const compgen = (values: Values) => {
    if (values === 'unknown') return 'COMPREPLY=()'
    if (typeof values === 'object') return `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$word"))`
    return `compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen ${values === 'files' ? '-f' : '-d'} -- "$word"))`
  }
  const ofValue = ({ names, values, optional }: CompletedOption) =>
    values === undefined || optional ? [] : [`    ${names.join('|')}) ${compgen(values)}; return ;;`]
  const all = [own, ...subcommands]
  const ofCommand = ({ name, options, values }: Completed) => {
    const first = name === '' ? subcommands.map((each) => each.name) : typeof values === 'object' ? values : []
    const words = [...first, ...options.flatMap(({ names }) => names)]
    const more = values === 'files' ? ['[[ $word == -* ]] || { ', '; return; }; '] : undefined
    const files = more === undefined ? '' : more[0] + compgen('files') + more[1]
    return `    '${name}') ${files}${compgen(words)} ;;`
  }
  return `# Completes ${name} in bash. Load it: source <(${name} completion bash)
${call}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= each IFS=$' \\t\\n'
  # Bash splits --name=value at the equals sign.
  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in ${subcommands.map((each) => each.name).join('|')}) command=$each; break ;; esac
  done
  case $before in
${[...new Set(all.flatMap(({ options }) => options.flatMap(ofValue)))].join('\n')}
  esac
  case $command in
${all.map(ofCommand).join('\n')}
  esac
}
complete -F ${call} ${name}
`
}

function zsh(name: string, own: Completed, subcommands: readonly Completed[]): string {
  const call = functionName(name)
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const escapeText = (text: string) => text.replace(/[\\[\]:]/g, '\\$&')
  const action = (values: Values) => {
    if (typeof values === 'object') return `:value:(${values.join(' ')})`
    return `:value:${{ files: '_files', folders: '_files -/', unknown: ' ' }[values]}`
  }
  const options = ({ options }: Completed) =>
    options.flatMap(({ names, values, optional, description }) =>
      names.map((each) => {
        const value = values === undefined ? '' : (optional ? ':' : '') + action(values)
        return quote(`*${each}${each.startsWith('--') && value !== '' ? '=' : ''}[${escapeText(description)}]${value}`)
      }),
    )
  const lines = (args: readonly string[], indent: string) => args.map((each) => ` \\\n${indent}  ${each}`).join('')
  const rows = subcommands.map(({ name, description }) => quote(`${name}:${description}`)).join('\n      ')
  const cases = subcommands.map((each) => {
    const rest = each.values === 'unknown' ? [] : [quote(`*${action(each.values)}`)]
    return `        ${each.name}) _arguments${lines([...options(each), ...rest], '        ')} ;;`
  })
  return `#compdef ${name}
# Completes ${name} in zsh. Load it: source <(${name} completion zsh)
${call}() {
  local state line
  local -a commands
  _arguments -C${lines([...options(own), "'1: :->command'", "'*:: :->arguments'"], '  ')}
  case $state in
    command)
      commands=(
      ${rows}
      )
      _describe command commands ;;
    arguments)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = ${call} ]; then ${call} "$@"; else compdef ${call} ${name}; fi
`
}

function fish(name: string, own: Completed, subcommands: readonly Completed[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
  const names = subcommands.map((each) => each.name).join(' ')
  const action = (values: Values, optional: boolean) => {
    if (typeof values === 'object') return `${optional ? '' : ' -x'} -a ${quote(values.join(' '))}`
    return { files: ' -r -F', folders: " -x -a '(__fish_complete_directories)'", unknown: ' -x' }[values]
  }
  const options = ({ options }: Completed, condition: string) =>
    options.map(({ letter, long, description, values, optional }) => {
      const short = letter === undefined ? '' : ` -s ${letter}`
      const value = values === undefined ? '' : action(values, optional)
      return `complete -c ${name} -n ${quote(condition)}${short} -l ${long}${value} -d ${quote(description)}`
    })
  const none = `not __fish_seen_subcommand_from ${names}`
  const lines = subcommands.flatMap((each) => {
    const condition = `__fish_seen_subcommand_from ${each.name}`
    const rest = { files: ' -F', folders: '', unknown: '' }
    const values = typeof each.values === 'object' ? ` -a ${quote(each.values.join(' '))}` : rest[each.values]
    return [
      `complete -c ${name} -n ${quote(none)} -a ${each.name} -d ${quote(each.description)}`,
      ...(values === '' ? [] : [`complete -c ${name} -n ${quote(condition)}${values}`]),
      ...options(each, condition),
    ]
  })
  return `# Completes ${name} in fish. Load it: ${name} completion fish | source
complete -c ${name} -f
${[...options(own, none), ...lines].join('\n')}
`
}

const functionName = (name: string) => `_${name.replaceAll('-', '_')}`

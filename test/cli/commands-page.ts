import type { CommandDescription, OptionDescription, ProgramDescription } from '../../src/cli/describe.js'

/** docs/commands.md: all of it from the definitions of the commands. */
export function commandsPage({ options, commands }: ProgramDescription): string {
  return [
    INTRODUCTION,
    overview(commands),
    '## Options before the command word',
    optionTable(options),
    ...commands.flatMap((command) => section(command, [])),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Commands

\`starcluster [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\`. "starcluster help COMMAND" says the same as this page. Exit status: 0
when all went well, 1 when something failed, 2 when the command line was wrong, 130 after Ctrl-C; a remote command's own status
comes through. Messages about what is being done go to stdout, warnings and errors to stderr; with \`--json\` stdout has nothing but
the answer.`

function overview(commands: readonly CommandDescription[]): string {
  const rows = commands.map(({ name, aliases, summary }) => {
    const others = aliases.length > 0 ? ` (${aliases.map(code).join(', ')})` : ''
    return `| [${code(name)}](#${name})${others} | ${cell(summary)} |`
  })
  return ['| Command | |', '|---|---|', ...rows].join('\n')
}

function section(command: CommandDescription, parents: readonly string[]): string[] {
  const words = [...parents, command.name]
  const level = '#'.repeat(words.length + 1)
  return [
    `${level} ${words.join(' ')}`,
    sentence(command.summary),
    ['```text', usage(command, words), '```'].join('\n'),
    ...argumentList(command),
    ...(command.options.length > 0 ? [optionTable(command.options)] : []),
    ...exampleBlock(command),
    ...command.subcommands.flatMap((one) => section(one, words)),
  ]
}

function usage(command: CommandDescription, words: readonly string[]): string {
  const own = command.arguments.map(({ name, required, variadic }) => {
    const shown = variadic ? `${name}...` : name
    return required ? `<${shown}>` : `[${shown}]`
  })
  const options = command.options.length > 0 ? ['[OPTIONS]'] : []
  const below = command.subcommands.length > 0 ? ['COMMAND'] : []
  return ['starcluster', ...words, ...options, ...below, ...own].join(' ')
}

function argumentList({ arguments: all }: CommandDescription): string[] {
  const told = all.filter(({ description, choices }) => description !== '' || choices.length > 0)
  if (told.length === 0) return []
  return [
    told
      .map(({ name, description, choices }) => {
        const oneOf = choices.length > 0 ? `${description === '' ? '' : '; '}${choices.map(code).join(', ')}` : ''
        return `- ${code(name)}: ${description}${oneOf}`
      })
      .join('\n'),
  ]
}

function optionTable(options: readonly OptionDescription[]): string {
  const rows = options.map(({ flags, description, choices, default: value }) => {
    const more = [
      ...(choices.length > 0 ? [`one of ${choices.map(code).join(', ')}`] : []),
      ...(value === undefined ? [] : [`default ${code(value)}`]),
    ]
    return `| ${code(flags.replaceAll('|', '\\|'))} | ${cell([description, ...more].join('; '))} |`
  })
  return ['| Option | |', '|---|---|', ...rows].join('\n')
}

function exampleBlock({ examples }: CommandDescription): string[] {
  if (examples.length === 0) return []
  const width = Math.max(...examples.map(([line]) => line.length))
  return [['```sh', ...examples.map(([line, meaning]) => `${line.padEnd(width)}   # ${meaning}`), '```'].join('\n')]
}

const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

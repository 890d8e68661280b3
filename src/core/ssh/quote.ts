/** Shell text that is safe to run as it stands, made by the `sh` tag. */
export class ShellCommand {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text
  }
}

/** What can be run on a node: text taken as it is, or the `sh` tag's result. */
export type Command = string | ShellCommand

/** What can stand in `${}` of the `sh` tag. */
export type ShellValue = string | number | bigint | boolean | ShellCommand | readonly ShellValue[]

/**
 * A shell command in which every value is one word, whatever it contains:
 * sh`apt-get -y install -- ${packages}`. An array becomes several words; another `sh` command is inserted as it is.
 * @throws TypeError for values that are no words: undefined, null, objects, text with a NUL byte.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): ShellCommand {
  const parts = strings.map((text, index) => (index < values.length ? text + words(values[index]) : text))
  return new ShellCommand(parts.join(''))
}

/** One word for a POSIX shell (csh and fish read it alike but for `!`, line ends and doubled backslashes). */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot contain a NUL byte')
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

export function commandText(command: Command): string {
  return typeof command === 'string' ? command : command.text
}

function words(value: unknown): string {
  if (value instanceof ShellCommand) return value.text
  if (Array.isArray(value)) return value.map(words).join(' ')
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return quote(String(value))
  throw new TypeError(
    `the sh tag takes text, numbers and arrays of them, not ${value === null ? 'null' : typeof value}`,
  )
}

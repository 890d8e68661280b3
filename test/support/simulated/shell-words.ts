/** A command of a shell script, as far as a simulated machine understands it. */
export interface SimpleCommand {
  readonly words: readonly string[]
  /** Where standard output goes instead. */
  readonly into?: string
  /** What joins it with the next one; a line end is `;`. */
  readonly joined: ';' | '&&' | '||' | '|' | '&'
}

const BLANK = ' \t'
const OPERATORS = ['&&', '||', ';;', ';', '\n', '|', '&'] as const

/**
 * The simple commands of a POSIX shell script, one after the other; `expand` gives the text of `$name`, `$(command)` and
 * `"$@"` at the moment they are met. Loops, conditions and here-documents are no more to it than words.
 */
export function* simpleCommands(script: string, expand: (expression: string) => string): Generator<SimpleCommand> {
  const at = { script, position: 0 }
  while (at.position < script.length) {
    const words: string[] = []
    let into: string | undefined
    let joined: SimpleCommand['joined'] = ';'
    for (;;) {
      while (BLANK.includes(script[at.position] ?? '\0')) at.position++
      if (at.position >= script.length) break
      if (script[at.position] === '#') {
        const end = script.indexOf('\n', at.position)
        at.position = end < 0 ? script.length : end
        continue
      }
      const operator = OPERATORS.find((one) => script.startsWith(one, at.position))
      if (operator) {
        at.position += operator.length
        joined = operator === '\n' || operator === ';;' ? ';' : operator
        break
      }
      const redirection = /^(\d?)(>>|>&|<&|<|>)[ \t]*/.exec(script.slice(at.position, at.position + 8))
      if (redirection) {
        at.position += redirection[0].length
        const target = word(at, expand)
        if (redirection[2]?.startsWith('>') && redirection[1] !== '2') into = target
        continue
      }
      words.push(word(at, expand))
    }
    if (words.length > 0) yield { words, joined, ...(into === undefined ? {} : { into }) }
  }
}

interface Place {
  readonly script: string
  position: number
}

function word(at: Place, expand: (expression: string) => string): string {
  const { script } = at
  let text = ''
  while (at.position < script.length) {
    const char = script[at.position]!
    if (BLANK.includes(char) || ';\n|&<>'.includes(char)) break
    if (char === "'") {
      const end = script.indexOf("'", at.position + 1)
      text += script.slice(at.position + 1, end < 0 ? script.length : end)
      at.position = end < 0 ? script.length : end + 1
    } else if (char === '"') {
      at.position++
      text += quoted(at, expand)
    } else if (char === '$') text += expansion(at, expand)
    else {
      if (char === '\\') at.position++
      text += script[at.position] ?? ''
      at.position++
    }
  }
  return text
}

function quoted(at: Place, expand: (expression: string) => string): string {
  const { script } = at
  let text = ''
  while (at.position < script.length && script[at.position] !== '"') {
    if (script[at.position] === '$') {
      text += expansion(at, expand)
      continue
    }
    if (script[at.position] === '\\' && '$`"\\\n'.includes(script[at.position + 1] ?? '')) at.position++
    text += script[at.position]
    at.position++
  }
  at.position++
  return text
}

function expansion(at: Place, expand: (expression: string) => string): string {
  const { script, position } = at
  if (script[position + 1] === '(') {
    let depth = 0
    let end = position + 1
    do {
      if (script[end] === '(') depth++
      if (script[end] === ')') depth--
      end++
    } while (depth > 0 && end < script.length)
    at.position = end
    return expand(script.slice(position + 1, end))
  }
  const name = /^\$(\w+|\{[^}]*\}|[@*#?$!-])/.exec(script.slice(position, position + 64))
  at.position += name ? name[0].length : 1
  return name ? expand(name[1]!.replace(/[{}]/g, '')) : '$'
}

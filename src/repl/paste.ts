import type { EventEmitter } from 'node:events'

interface Key {
  readonly name?: string
  readonly ctrl?: boolean
}

type KeyListener = (text: string | undefined, key: Key) => void

/**
 * Takes pasted text out of the stream of keys, where the terminal marks it: a tab in it shall not complete, and a
 * statement in it shall not be run before the rest of the block is there.
 *
 * @param input emits `keypress`, with the line editor as its listener
 * @param onPaste gets each pasted text as a whole, line ends as `\n`
 */
export function collectPastes(input: EventEmitter, onPaste: (text: string) => void): void {
  const listeners = input.listeners('keypress') as KeyListener[]
  input.removeAllListeners('keypress')
  let pasted: string | undefined
  input.on('keypress', (text: string | undefined, key: Key) => {
    if (key.name === 'paste-start') pasted = ''
    else if (key.name === 'c' && key.ctrl) {
      pasted = undefined // so that a paste whose end never comes can be left
      for (const listener of listeners) listener.call(input, text, key)
    } else if (key.name === 'paste-end') {
      const whole = (pasted ?? '').replaceAll('\r\n', '\n').replaceAll('\r', '\n')
      pasted = undefined
      if (whole !== '') onPaste(whole)
    } else if (pasted !== undefined) pasted += text ?? ''
    else for (const listener of listeners) listener.call(input, text, key)
  })
}

/** One input of the shell, and whether the block it belongs to goes on. */
export interface PastedLine {
  readonly text: string
  readonly more: boolean
}

/**
 * The lines of a pasted block. All of it is one input, unless some line is not part of a program (`.reload`, `!ls`):
 * then each statement is one.
 *
 * @param rest what stays in the line editor: the text behind the last line end
 */
export function splitPaste(text: string, isProgram: (line: string) => boolean): { lines: PastedLine[]; rest: string } {
  const lines = text.split('\n')
  const rest = lines.pop() ?? ''
  const isBlock = [...lines, rest].every(isProgram)
  return {
    lines: lines.map((line, i) => ({ text: line, more: isBlock && (i < lines.length - 1 || rest !== '') })),
    rest,
  }
}

import { spawn } from 'node:child_process'
import type { Session } from '../session.js'
import { ShellError } from '../shell-error.js'
import { type ShellCommand, UsageError } from './command.js'

export const edit: ShellCommand = {
  name: 'edit',
  help: 'Open a plugin in $EDITOR; ".edit config" opens the config',
  complete: async ({ options }) => [...((await options.names?.plugins()) ?? []), 'config'],
  run: async (argument, session) => {
    const name = argument.trim()
    if (name === '') throw new UsageError('.edit PLUGIN')
    const file = (await session.options.fileToEdit?.(name)) ?? name
    await openEditor(file, session)
  },
}

/** Gives the terminal to the user's editor and takes it back. @throws EditorFailed */
async function openEditor(file: string, session: Session): Promise<void> {
  const { terminal } = session.io
  if (!terminal.isOne) throw new EditorFailed('an editor needs a terminal')
  const env = session.options.env ?? process.env
  const editor = env.VISUAL || env.EDITOR || 'vi'
  // Interrupts are the editor's affair: without it there is nothing to come back to.
  const restore = terminal.handOver({ keepInterrupts: true })
  try {
    await new Promise<void>((resolve, reject) => {
      // $EDITOR is a command line, such as "code --wait".
      const child = spawn('/bin/sh', ['-c', `exec ${editor} "$1"`, 'sh', file], { stdio: 'inherit', env })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        if (code === 0) resolve()
        else reject(new EditorFailed(`${editor} ended with ${signal ?? `status ${code}`}`))
      })
    })
  } finally {
    restore()
  }
}

class EditorFailed extends ShellError {
  readonly code = 'EditorFailed'
  override readonly hint = 'VISUAL or EDITOR in the environment name the editor, else it is vi'
}

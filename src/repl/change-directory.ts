import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { ShellError } from './shell-error.js'

let previous: string | undefined

/** The folder a `!cd` goes to: `!cd`, `!cd ~/x`, `!cd "a b"`, `!cd -`; undefined for any other command. */
export function folderOfCd(command: string): string | undefined {
  const argument = /^cd(?:\s+([^;&|<>$`*?]*))?$/.exec(command.trim())
  if (!argument) return undefined
  const folder = (argument[1] ?? '').trim().replace(/^(['"])(.*)\1$/, '$2')
  if (folder === '-') return previous ?? process.cwd()
  return folder === '' ? homedir() : resolve(folder.replace(/^~(?=$|\/)/, homedir()))
}

/** Goes there: prompt, relative imports and commands with it. @throws NoSuchFolder */
export function changeDirectory(folder: string): undefined {
  const before = process.cwd()
  try {
    process.chdir(folder)
  } catch (cause) {
    throw new NoSuchFolder(folder, cause)
  }
  previous = before
  return undefined
}

class NoSuchFolder extends ShellError {
  readonly code = 'NoSuchFolder'
  constructor(folder: string, cause: unknown) {
    const isFile = statSync(folder, { throwIfNoEntry: false })?.isFile()
    const { code } = cause as NodeJS.ErrnoException
    super(`cd ${folder}: ${isFile ? 'it is a file' : code === 'ENOENT' ? 'there is no such folder' : code}`, { cause })
  }
}

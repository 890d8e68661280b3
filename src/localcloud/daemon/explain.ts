import { errorCode, isSystemRefusal, LocalCloudError } from '../local-error.js'
import { stateDirectoryUnusable } from './daemon-info.js'

/** A failure of the system as one of ours, with what to do; what nobody foresaw stays as it is. */
export function explain(error: unknown, dir: string): unknown {
  const program = missingProgram(error)
  if (program !== undefined) {
    return new LocalCloudError('MissingProgram', `the program '${program}' is missing on this computer`, {
      cause: error,
      hint: 'starcluster local doctor says which package has it, and what else is missing',
    })
  }
  return isSystemRefusal(error) ? stateDirectoryUnusable(dir, error) : error
}

function missingProgram(error: unknown): string | undefined {
  const { syscall, path } = error as NodeJS.ErrnoException
  return errorCode(error) === 'ENOENT' && syscall?.startsWith('spawn') ? path : undefined
}

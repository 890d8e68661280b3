import { changeDirectory, folderOfCd } from './change-directory.js'
import { runLocally } from './local-command.js'
import type { Session } from './session.js'

/** A line that is no program: `!ls`, `cm.runPlugin?`. */
export interface SpecialInput {
  readonly matches: (line: string) => boolean
  /** @returns what is to be printed, undefined for nothing */
  readonly run: (line: string, session: Session, signal: AbortSignal) => Promise<unknown>
  /** Words that may stand at the end of the line; without it the line is completed as a program. */
  readonly complete?: (line: string, session: Session) => Promise<readonly string[]>
}

/** The first that matches takes the line. */
export const specialInputs: readonly SpecialInput[] = [
  {
    matches: (line) => /^\?|^[\p{L}\p{N}_$.[\]]+\?{1,2}\s*$/u.test(line),
    run: async (line, session) => {
      const { help, readQuestion } = await import('./docs/help.js')
      const question = readQuestion(line)
      if (!question) throw new SyntaxError('Help is for names: cm.runPlugin?')
      session.say(help(question, session))
      return undefined
    },
  },
  {
    matches: (line) => /^help(\s*\([^()]*\))?;?\s*$/.test(line),
    run: async (line, session) => {
      if (session.knows('help')) return session.glance(line)
      const path = /\((.*)\)/
        .exec(line)?.[1]
        ?.trim()
        .replace(/^(['"])(.*)\1$/, '$2')
      const { help, readQuestion } = await import('./docs/help.js')
      const question = path ? readQuestion(`${path}?`) : undefined
      session.say(question ? help(question, session) : (await import('./overview.js')).overview)
      return undefined
    },
  },
  {
    matches: (line) => line.startsWith('!!'),
    run: async (line, session, signal) => {
      const { runRemotely } = await import('./remote-command.js')
      return runRemotely(line, session, signal)
    },
    complete: async (line, session) => {
      if (/^!!\s*\S+\s/.test(line)) return []
      const { completeTarget } = await import('./remote-command.js')
      return completeTarget(session)
    },
  },
  {
    matches: (line) => line.startsWith('!'),
    run: async (line, session, signal) => {
      const command = line.slice(1).trim()
      const folder = folderOfCd(command)
      return folder === undefined ? runLocally(command, signal, session.io.terminal) : changeDirectory(folder)
    },
  },
]

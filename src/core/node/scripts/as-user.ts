import { type ShellCommand, sh } from '../../ssh/quote.js'
import { prelude } from './prelude.js'

/**
 * Steps as another user, with our functions at hand and `$sc_owner` set to that user. For everything in a home: root must
 * not write through links that a user may have put there, and on a server that squashes root it could not.
 */
export function asUser(user: string, steps: readonly ShellCommand[]): ShellCommand {
  const script = `${prelude}\nsc_owner="$(id -un):$(id -gn)"\n${steps.map(({ text }) => `${text}\n`).join('')}`
  return sh`runuser -u ${user} -- /bin/sh -c ${script}`
}

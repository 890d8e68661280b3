import { type ConfigFileChoice, findConfigFile } from '../../index.js'
import type { CliContext } from '../context.js'

/** `starcluster config path`: works with a config that does not. */
export function path(cli: CliContext, flags: { json?: boolean }): void {
  const choice = findConfigFile(cli.globals.config, cli.env)
  const text = `${choice.path ?? 'no config file'}\n    ${why(choice)}`
  cli.print(flags.json ? JSON.stringify(choice, null, 2) : text)
}

function why({ path: file, reason, candidates }: ConfigFileChoice): string {
  if (reason === '-c') return '-c names it'
  if (reason === '$STARCLUSTER_CONFIG') return '$STARCLUSTER_CONFIG names it'
  const absent = candidates.filter((candidate) => candidate !== file)
  if (reason === 'none') return `there is none of ${absent.join(', ')}: the defaults are used`
  return `the first of the usual places that exists${absent.length > 0 ? ` (not ${absent.join(', ')})` : ''}`
}

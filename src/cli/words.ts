const globalOptionsWithValue = ['-c', '--config', '-r', '--region']

/** Splits a command line at its command word: global options come before it, the command's own after it. */
export function splitAtCommand(argv: readonly string[]): {
  globals: string[]
  word: string | undefined
  rest: string[]
} {
  let i = 0
  while (i < argv.length && argv[i]!.startsWith('-')) i += globalOptionsWithValue.includes(argv[i]!) ? 2 : 1
  return { globals: argv.slice(0, i), word: argv[i], rest: argv.slice(i + 1) }
}

/**
 * Puts `--` before the remote command, so that its own options are not taken for ours:
 * `sshmaster -u root tag ls -la` becomes `sshmaster -u root tag -- ls -la`.
 *
 * @param operands how many arguments of ours come before the remote command
 */
export function separateRemoteCommand(
  args: readonly string[],
  operands: number,
  withValue: readonly string[],
): string[] {
  let seen = 0
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === '--') return [...args]
    if (arg.startsWith('-') && arg !== '-') {
      if (withValue.includes(arg)) i++
      continue
    }
    if (seen === operands) return [...args.slice(0, i), '--', ...args.slice(i)]
    seen++
  }
  return [...args]
}

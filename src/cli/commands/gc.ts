import { Option } from 'commander'
import type { Leftover } from '../../index.js'
import { confirm } from '../confirm.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

interface Flags {
  readonly yes?: boolean
  readonly confirm?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .option('-y, --yes', 'remove them without asking (--confirm is the same)')
    .addOption(new Option('-c, --confirm').hideHelp())
    .option('-n, --dry-run', 'only list them (the default without a terminal)')
    .option('--json', 'list them as JSON')
    .action(async (flags: Flags) => {
      if (flags.json) cli.keepStdoutForData()
      const { cm, region } = await cli.open()
      const found = await cm.findLeftovers({ signal: cli.signal })
      if (flags.json) cli.print(JSON.stringify(found, null, 2))
      else cli.print(found.length === 0 ? `Nothing is left over in region ${region.name}.` : lines(found))
      if (found.length === 0 || !(await wanted(found, flags, cli.signal))) return
      await cm.removeLeftovers(found, { signal: cli.signal })
    })
  examples(command, [
    ['starcluster gc', 'lists what clusters that are gone have left, and asks whether to remove it'],
    ['starcluster gc --yes', 'removes it'],
    ['starcluster -r us-east-1 gc --json', 'lists it for another program'],
  ])
}

async function wanted(found: readonly Leftover[], flags: Flags, signal: AbortSignal): Promise<boolean> {
  if (flags.dryRun) return false
  if (flags.yes || flags.confirm) return true
  if (!process.stdin.isTTY || flags.json) return false
  const what = found.length === 1 ? 'it' : `these ${found.length}`
  return confirm(`Remove ${what}? A start that is under way elsewhere is spoiled by that.`, signal)
}

function lines(found: readonly Leftover[]): string {
  return found.map(({ kind, id, why }) => `${kind.padEnd(15)} ${id}  ${why}`).join('\n')
}

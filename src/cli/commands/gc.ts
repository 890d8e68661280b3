import { Option } from 'commander'
import type { Leftover } from '../../index.js'
import { confirm } from '../confirm.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { harmless } from '../output/cell.js'

interface Flags {
  readonly yes?: boolean
  readonly confirm?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .option('-y, --yes', 'remove them without asking (--confirm is the same)')
    .addOption(new Option('-c, --confirm').hideHelp())
    .option('-n, --dry-run', 'only list them (the default without a terminal)')
    .addOption(new Option('--json', 'list them as JSON; removes only with --yes').conflicts('quiet'))
    .option('-q, --quiet', 'only ids, one a line; removes only with --yes')
    .action(async (flags: Flags) => {
      if (flags.json || flags.quiet) cli.keepStdoutForData()
      const { cm, region } = await cli.open()
      const found = await cm.findLeftovers({ signal: cli.signal })
      if (flags.json) cli.print(JSON.stringify(found.map(whole), null, 2))
      else if (flags.quiet) {
        for (const { id } of found) cli.print(harmless(id))
      } else cli.print(found.length === 0 ? `Nothing is left over in region ${region.name}.` : lines(found))
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
  if (!process.stdin.isTTY || flags.json || flags.quiet) return false
  const what = found.length === 1 ? 'it' : `these ${found.length}`
  return confirm(`Remove ${what}? A start that is under way elsewhere is spoiled by that.`, signal)
}

/** Every key is always there, as in the other listings. */
const whole = ({ kind, id, cluster, why }: Leftover) => ({ kind, id, cluster: cluster ?? null, why })

function lines(found: readonly Leftover[]): string {
  return found.map(({ kind, id, why }) => `${kind.padEnd(15)} ${id}  ${why}`).join('\n')
}

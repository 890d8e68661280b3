import { log, resizeVolume } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'
import { volumeHostOptions } from '../volume-host-options.js'
import { showingProgress } from '../waiting.js'
import { withoutEffect } from '../without-effect.js'

const NO_HOST = 'a volume grows where it is'

export const define: DefineCommand = (command, cli) => {
  withoutEffect(command, cli, {
    ...volumeHostOptions(NO_HOST),
    '-r, --resizefs-cmd <command>': 'the program that fits its file system is used',
  })
  command
    .description('make an EBS volume larger while it is used; a running node that has it grows its file system too')
    .argument('<volume>', 'id or name')
    .argument('<size>', 'GiB; the size it has only grows the file system', positiveInteger)
    .action(async (volume: string, size: number) => {
      const { aws, cm } = await cli.open()
      const { id, from, grown, open } = await showingProgress((onProgress) =>
        resizeVolume({ aws, cm, log }, volume, size, { signal: cli.signal, onProgress }),
      )
      cli.print(from === size ? `${id}  ${size} GiB, as before` : `${id}  ${from} GiB -> ${size} GiB`)
      for (const what of grown) cli.print(`grown: ${what}`)
      if (open !== undefined) cli.print(`not grown: ${open}`)
      else if (grown.length === 0) cli.print('Its file system has all the room already.')
    })
  examples(command, [
    ['starcluster resizevolume vol-0c9999990123456789 100', 'to 100 GiB, with its file system on the node that has it'],
    ['starcluster -r us-east-1 resizevolume data 500', 'one by its name, on AWS'],
  ])
}

import { copyImage, log } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { showingProgress } from '../waiting.js'

interface Flags {
  readonly name?: string
  readonly description?: string
  readonly wait: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('copy an image to other regions of the same cloud, with its tags')
    .argument('<image>', 'id of an image, or id or name of your own')
    .argument('<region...>', 'where to')
    .option('-n, --name <name>', 'name of the copies (default: that of the image)')
    .option('-d, --description <text>', 'what is in them (default: what the image says)')
    .option('--no-wait', 'end as soon as EC2 has begun')
    .action(async (image: string, regions: string[], flags: Flags) => {
      const sc = await cli.open()
      const targets = [...new Set(regions)].map((region) => sc.awsIn(region))
      const copies = await showingProgress((onProgress) =>
        copyImage({ aws: sc.aws, log }, image, targets, { ...flags, signal: cli.signal, onProgress }),
      )
      for (const { region, id } of copies) cli.print(`${region}  ${id}`)
    })
  examples(command, [
    [
      'starcluster -r us-east-1 copyimage ami-0c9999990123456789 eu-west-1 us-west-2',
      'to two regions, and waits for both',
    ],
    ['starcluster copyimage my-tools local --name my-tools-before', 'beside itself, under another name'],
  ])
}

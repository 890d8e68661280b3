import { createImage, log } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { showingProgress } from '../waiting.js'

interface Flags {
  readonly description?: string
  readonly reboot: boolean
  readonly wait: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('make an image of an instance with all its volumes; remove what must not be in it before')
    .argument('<instance>', 'id, DNS name or address, of a running or stopped instance')
    .argument('<name>', 'name of the image')
    .option('-d, --description <text>', 'what is in it')
    .option('--no-reboot', 'do not reboot it: its file systems are as after a power cut')
    .option('--no-wait', 'end as soon as EC2 has begun')
    .action(async (instance: string, name: string, flags: Flags) => {
      const { aws } = await cli.open()
      const { id, image } = await showingProgress((onProgress) =>
        createImage({ aws, log }, instance, name, { ...flags, signal: cli.signal, onProgress }),
      )
      if (image) log.info(`Image ${id} is available`)
      cli.print(`${id}  ${name}`)
      if (!image) cli.print('EC2 is making it; see how it is with: starcluster listimages')
      cli.print(`To start a cluster from it: starcluster start TAG -m ${id} -n ${id}`)
    })
  examples(command, [
    [
      'starcluster ebsimage i-0c9999990123456789 my-tools',
      'of a node with everything installed; waits until it can be used',
    ],
    ['starcluster ebsimage 127.77.1.2 my-tools-2 -d "with R" --no-wait', 'of the instance at an address'],
  ])
}

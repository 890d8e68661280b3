import { type Lifetime, lengthText } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { endText } from '../end-text.js'
import { examples } from '../examples.js'
import { lifetime } from '../lifetime-option.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag>', 'name of the cluster')
    .argument('[time]', 'its lifetime from now on, e.g. 4h, or "off" (default: tell its end)', (text: string) =>
      text === 'off' ? text : lifetime(text),
    )
    .action(async (tag: string, time: number | 'off' | undefined) => {
      const { cm } = await cli.open()
      const seconds = time === 'off' ? undefined : time
      const now =
        time === undefined
          ? (await cm.getCluster(tag)).marks.lifetime
          : await cm.setTtl(tag, seconds, { signal: cli.signal })
      cli.print(told(tag, now))
    })
  examples(command, [
    ['starcluster ttl testcluster', 'when it ends by itself'],
    ['starcluster ttl testcluster 4h', 'in four hours from now'],
    ['starcluster ttl testcluster off', 'not by itself any more'],
  ])
}

function told(tag: string, { seconds, ends }: Lifetime = { seconds: undefined }): string {
  if (seconds === undefined)
    return `Cluster ${tag} does not end by itself. "starcluster ttl ${tag} 8h" gives it eight hours.`
  if (!ends)
    return `Cluster ${tag} is not running. Its lifetime of ${lengthText(seconds * 1000)} is counted from its resume.`
  const before = ends.getTime() > Date.now() ? 'ends' : 'was to end'
  return `Cluster ${tag} ${before} ${endText(ends)}.`
}

import { iamPolicy } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command.action(() => cli.print(JSON.stringify(iamPolicy(), null, 2)))
  examples(command, [
    ['starcluster iam-policy > starcluster.json', 'to read it, and to cut it down'],
    [
      'aws iam create-policy --policy-name StarCluster --policy-document file://starcluster.json',
      'then attach it to a user',
    ],
    ['starcluster iam-policy | less', 'one statement for each kind of thing it may be done to'],
  ])
}

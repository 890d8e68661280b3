import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands, findCommand } from '../../../src/cli/registry.js'
import { splitAtCommand } from '../../../src/cli/words.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
beforeAll(async () => {
  sc = await inProcessManager()
})
afterAll(() => sc?.close())

/** Those that only ask and tell EC2 and S3: what their examples name does not exist here, and that is all that is wrong. */
const single =
  /^(list|create(key|volume)|remove(key|volume|image)|resizevolume|ebsimage|copyimage|spothistory|show|s3image|downloadimage)/

test.each(commands.filter(({ name }) => single.test(name)).map(({ name }) => name))(
  'the examples in the help of %s can be typed as they are',
  async (name) => {
    const { stdout } = await runCommand(sc, [name, '--help'])
    const lines = [...stdout.matchAll(/^ {2}\$ starcluster (.*?) +# (.+)$/gm)].map(([, line = '']) => line)
    expect(lines.length).toBeGreaterThanOrEqual(2)
    for (const line of lines) {
      const words = [...line.split(' | ')[0]!.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare ?? '',
      )
      const { word, rest } = splitAtCommand(words)
      const { status, stderr } = await runCommand(sc, [word ?? '', ...rest])
      expect(status, `${line}: ${stderr}`).not.toBe(2)
      expect(findCommand(word), line).toBeDefined()
    }
  },
)

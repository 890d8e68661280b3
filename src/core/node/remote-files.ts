import { onEach } from '../ssh/fan-out.js'
import { sh } from '../ssh/quote.js'
import type { RemoteNode } from './remote-node.js'

/** Files on a node that go to other nodes. */
export class RemoteFiles {
  constructor(private readonly source: RemoteNode) {}

  /** Copies content, mode and numeric owner. The file is read once, however many nodes get it. */
  async copyTo(file: string, targets: readonly RemoteNode[], destination: string): Promise<void> {
    const [encoded, { mode, uid, gid }] = await Promise.all([
      // Command output is text; a file may be anything.
      this.source.ssh.execute(sh`base64 -- ${file}`, { sourceProfile: false, logOutput: false }),
      this.source.ssh.stat(file),
    ])
    const content = Buffer.from(encoded.stdout, 'base64')
    const as = { mode: mode & 0o7777, owner: `${uid}:${gid}` }
    await onEach(targets, ({ ssh }) => ssh.writeFile(destination, content, as))
  }
}

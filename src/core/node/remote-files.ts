import { onEach } from '../ssh/fan-out.js'
import type { RemoteNode } from './remote-node.js'

/** Files on a node that go to other nodes. */
export class RemoteFiles {
  constructor(private readonly source: RemoteNode) {}

  /** Copies content, mode and numeric owner. The file is read once, however many nodes get it. */
  async copyTo(file: string, targets: readonly RemoteNode[], destination: string): Promise<void> {
    const [content, { mode, uid, gid }] = await Promise.all([
      this.source.ssh.readFile(file),
      this.source.ssh.stat(file),
    ])
    await onEach(targets, async ({ ssh }) => {
      await ssh.writeFile(destination, content, { mode: mode & 0o7777 })
      await ssh.chown(uid, gid, destination)
    })
  }
}

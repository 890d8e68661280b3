import type { SshClient } from '../ssh/client.js'

/** What functions over a node need of it: its name for messages and a way to run commands. */
export interface RemoteNode {
  readonly alias: string
  readonly ssh: SshClient
}

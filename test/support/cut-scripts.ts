import type { Node } from '../../src/core/node/node.js'

/** Where the stand-ins for programs are on a node. */
const there = '/opt/cut'
const programs =
  'awk cat chmod chown cksum cmp cp cut dirname exportfs find getent grep groupadd groupmod head hostname id ln mkdir ' +
  'mktemp mount mountpoint mv readlink rm runuser sed service ssh-keygen stat sudo systemctl tail timeout touch umount ' +
  'useradd usermod'

/** Counts the programs that a script runs, and kills the script with all it has started at one of them. */
const standIn = `#!/bin/sh
echo >> /run/cut
read -r at < /run/cut-at
[ "$at" = 0 ] || [ "$(/usr/bin/wc -l < /run/cut)" -lt "$at" ] || kill -s KILL -- "-$CUT_GROUP"
name=\${0##*/}
exec "$(PATH=\${PATH#${there}:} command -v "$name")" "$@"
`

/** A node whose scripts of the set-up can be cut off between two of their programs, as a power cut would. */
export class CutScripts {
  private readonly execute: Node['ssh']['execute']

  private constructor(node: Node) {
    this.execute = node.ssh.execute.bind(node.ssh)
    const line = `PATH=${there}:$PATH exec setsid -w /bin/sh -c 'export CUT_GROUP=$$; exec /bin/sh -s'`
    node.ssh.execute = (command, options) => this.execute(command === '/bin/sh -s' ? line : command, options)
  }

  static async on(node: Node): Promise<CutScripts> {
    const stdin = `mkdir -p ${there}; cd ${there}; cat > stand-in <<'END'\n${standIn}END\nchmod 755 stand-in
for name in ${programs}; do ln -sf stand-in $name; done\n`
    await node.ssh.execute('/bin/sh -s', { stdin, sourceProfile: false })
    const scripts = new CutScripts(node)
    await scripts.cutAt(0)
    return scripts
  }

  /** From now on; 0: nowhere. Counts anew. */
  async cutAt(count: number): Promise<void> {
    await this.execute(`echo ${count} > /run/cut-at; : > /run/cut; chmod 666 /run/cut`, { sourceProfile: false })
  }

  /** Programs that scripts have run since. */
  async count(): Promise<number> {
    return Number((await this.execute('wc -l < /run/cut', { sourceProfile: false })).stdout)
  }
}

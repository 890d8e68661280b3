import { ClusterSetup, log, type Node, type SetupContext, type ShellCommand, sh, type Volumes } from 'starcluster'

/** Panes in one of the windows that show several nodes at once. */
const panes = 8

/**
 * A tmux session on the master for root and the cluster user: windows `all0`, `all1`, ... with up to eight nodes side
 * by side, then a window for each node. `tmux attach` on the master opens it.
 *
 *     [plugin tmux]
 *     setup_class = tmux.TmuxControlCenter
 */
export class TmuxControlCenter extends ClusterSetup {
  constructor(private readonly envname = 'starcluster') {
    super()
  }

  async run(nodes: Node[], master: Node, user: string, _shell: string, _volumes: Volumes, { onEach }: SetupContext) {
    log.info(`Creating tmux session ${this.envname} for root and ${user}`)
    await onEach(nodes, (node) => node.aptInstall('tmux'))
    await master.addUserToGroup(user, 'utmp')
    const command = this.sessionCommand(nodes.map((node) => node.alias))
    await runAs(['root', user], master, command)
    log.info(`On the master, type: tmux attach -t ${this.envname}`)
  }

  override async onAddNode(node: Node, _nodes: Node[], master: Node, user: string) {
    log.info(`Adding ${node.alias} to tmux session ${this.envname}`)
    const command = this.inSession(sh`node_window ${node.alias}`)
    await runAs(['root', user], master, command)
  }

  override async onRemoveNode(node: Node, _nodes: Node[], master: Node, user: string) {
    log.info(`Removing ${node.alias} from tmux session ${this.envname}`)
    const command = sh`tmux kill-window -t ${`=${this.envname}:=${node.alias}`}`
    // Somebody may have closed the window, or the session, already.
    for (const owner of ['root', user]) await master.ssh.execute(command, { user: owner, ignoreExitStatus: true })
  }

  /** Adds what is missing; windows that are there, and what runs in them, stay. */
  private sessionCommand(aliases: readonly string[]): ShellCommand {
    const lines: ShellCommand[] = []
    for (let start = 0; start < aliases.length; start += panes) {
      lines.push(sh`group_window ${`all${start / panes}`} ${aliases.slice(start, start + panes)}`)
    }
    for (const alias of aliases) lines.push(sh`node_window ${alias}`)
    return this.inSession(lines.reduce((all, line) => sh`${all}\n${line}`))
  }

  private inSession(commands: ShellCommand): ShellCommand {
    return sh`s=${this.envname}\n${shellFunctions}\n${commands}\n`
  }
}

async function runAs(users: readonly string[], master: Node, script: ShellCommand): Promise<void> {
  for (const user of users) await master.ssh.execute('sh -s', { user, stdin: script.text })
}

// A window whose name is its node's; typed into, so that the window stays when ssh ends.
const shellFunctions = sh`set -e
has() { tmux list-windows -t "=$s" -F '#W' | grep -qxF "$1"; }
go() { [ "$2" = "$(hostname)" ] || tmux send-keys -t "$1" "ssh $2" C-m; }
node_window() { has "$1" || { tmux new-window -d -t "=$s:" -n "$1"; go "=$s:=$1" "$1"; }; }
group_window() {
  if has "$1"; then return 0; fi
  w="=$s:=$1"; tmux new-window -d -t "=$s:" -n "$1"; shift
  go "$w" "$1"; shift
  for n; do go "$(tmux split-window -d -P -F '#{pane_id}' -t "$w")" "$n"; tmux select-layout -t "$w" tiled; done
}
tmux has-session -t "=$s" 2>/dev/null || tmux new-session -d -s "$s" -n master`

import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from '../../node/accounts.js'
import { preferredHostKeys } from '../../node/keys.js'
import type { Node } from '../../node/node.js'
import { runScript, type ScriptStep } from '../../node/scripts/run-script.js'
import { sh } from '../../ssh/quote.js'
import type { SetupContext } from '../cluster-setup.js'

/** What a node is like before it is set up. */
export interface NodeFacts {
  readonly passwd: readonly PasswdEntry[]
  readonly groups: readonly GroupEntry[]
  /** Folders below /home with their numeric owners. */
  readonly homes: readonly { readonly path: string; readonly uid: number; readonly gid: number }[]
  /** Public host keys in authorized_keys form. */
  readonly hostKeys: readonly string[]
  /** Public key of root's own key pair, which the survey makes where there is none. */
  readonly rootKey: string
  /** Programs asked for that the node lacks. */
  readonly missing: readonly string[]
  /** Age of the package lists: more than a day is stale. */
  readonly apt: 'fresh' | 'stale' | 'none'
}

/** Asks all nodes everything the set-up wants to know, one command a node, in parallel. */
export async function surveyNodes(
  nodes: readonly Node[],
  programs: (node: Node) => readonly string[],
  { onEach, signal }: Pick<SetupContext, 'onEach' | 'signal'>,
): Promise<Map<Node, NodeFacts>> {
  const facts = await onEach(nodes, async (node) => {
    const { stdout } = await runScript(node.ssh, [surveyStep(programs(node))], { signal, logOutput: false })
    return parseSurvey(stdout)
  })
  return new Map(nodes.map((node, i) => [node, facts[i]!]))
}

function surveyStep(programs: readonly string[]): ScriptStep {
  const command = sh`sc_first_boot
sc_key ed25519 /root/.ssh/id_ed25519 > /dev/null
printf '@@passwd\n'; getent passwd
printf '@@group\n'; getent group
printf '@@homes\n'; find /home -mindepth 1 -maxdepth 1 -type d -printf '%U %G %p\n' 2>/dev/null || true
printf '@@hostkeys\n'; cat /etc/ssh/ssh_host_*_key.pub
printf '@@rootkey\n'; cat /root/.ssh/id_ed25519.pub
printf '@@missing\n'; for sc_program in ${programs}; do command -v "$sc_program" > /dev/null || echo "$sc_program"; done
printf '@@apt\n'; sc_apt_age`
  return { name: 'survey', command }
}

export function parseSurvey(stdout: string): NodeFacts {
  const parts = new Map<string, string>()
  for (const part of stdout.split(/^@@/m).slice(1)) {
    const end = part.indexOf('\n')
    parts.set(part.slice(0, end), part.slice(end + 1))
  }
  const text = (name: string) => parts.get(name) ?? ''
  const words = (name: string) =>
    text(name)
      .split('\n')
      .filter((line) => line !== '')
  const apt = text('apt').trim()
  return {
    passwd: parsePasswd(text('passwd')),
    groups: parseGroup(text('group')),
    homes: words('homes').flatMap((line) => {
      const [, uid, gid, path] = /^(\d+) (\d+) (.+)$/.exec(line) ?? []
      return path === undefined ? [] : [{ path, uid: Number(uid), gid: Number(gid) }]
    }),
    hostKeys: preferredHostKeys(text('hostkeys')),
    rootKey: text('rootkey').trim(),
    missing: words('missing'),
    apt: apt === 'fresh' || apt === 'stale' ? apt : 'none',
  }
}

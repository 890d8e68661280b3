import { sh } from '../ssh/quote.js'
import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from './accounts.js'
import type { RemoteNode } from './remote-node.js'
import { runScript } from './scripts/run-script.js'
import { accountStep, homeStep } from './scripts/steps.js'

export interface AddUserOptions {
  readonly uid?: number
  /** Default: the uid. */
  readonly gid?: number
  /** Name or path of the login shell; default bash. */
  readonly shell?: string
}

/** All accounts of the node. */
export async function getPasswd(node: RemoteNode): Promise<PasswdEntry[]> {
  return parsePasswd((await node.ssh.execute('getent passwd', { sourceProfile: false })).stdout)
}

/** All groups of the node. */
export async function getGroups(node: RemoteNode): Promise<GroupEntry[]> {
  return parseGroup((await node.ssh.execute('getent group', { sourceProfile: false })).stdout)
}

/** The account of that name or id, or undefined. */
export async function lookUpUser(node: RemoteNode, key: string | number): Promise<PasswdEntry | undefined> {
  const { stdout } = await node.ssh.execute(sh`getent passwd ${String(key)}`, {
    ignoreExitStatus: true,
    sourceProfile: false,
  })
  return parsePasswd(stdout)[0]
}

/** The group of that name or id, or undefined. */
export async function lookUpGroup(node: RemoteNode, key: string | number): Promise<GroupEntry | undefined> {
  const { stdout } = await node.ssh.execute(sh`getent group ${String(key)}`, {
    ignoreExitStatus: true,
    sourceProfile: false,
  })
  return parseGroup(stdout)[0]
}

/** Makes the account with its home, or brings an existing one to these ids and shell. Without a uid: the next free one. */
export async function addUser(node: RemoteNode, name: string, options: AddUserOptions = {}): Promise<void> {
  const passwd = await getPasswd(node)
  const existing = passwd.find((entry) => entry.pw_name === name)
  const uid = options.uid ?? existing?.pw_uid ?? nextFreeId(passwd.map(({ pw_uid }) => pw_uid))
  const gid = options.gid ?? existing?.pw_gid ?? uid
  const home = existing?.pw_dir ?? `/home/${name}`
  const account = { name, uid, gid, home, shell: options.shell ?? 'bash' }
  await runScript(node.ssh, [accountStep(account), homeStep(account)])
}

/** Removes the account and the group of its name; its home stays. @throws RemoteCommandFailed while it has processes */
export async function removeUser(node: RemoteNode, name: string): Promise<void> {
  node.ssh.logOut(name)
  // 8: processes of the user; those of a login that just ended go in a moment
  const command = sh`if getent passwd ${name} >/dev/null; then
  sc_try=0
  until sc_said=$(userdel ${name} 2>&1); do
    [ $? = 8 ] && [ "$sc_try" -lt 20 ] || sc_fail "$sc_said"
    sc_try=$((sc_try + 1))
    sleep 0.2
  done
  sc_changed ${`user ${name}`}
fi
if getent group ${name} >/dev/null; then groupdel ${name}; fi`
  await runScript(node.ssh, [{ name: 'remove-user', command }])
}

export async function addUserToGroup(node: RemoteNode, user: string, group: string): Promise<void> {
  const command = sh`getent group ${group} >/dev/null || { groupadd ${group}; sc_changed ${`group ${group}`}; }
if ! id -nG ${user} | tr ' ' '\n' | grep -qxF -- ${group}; then usermod -a -G ${group} ${user}; sc_changed ${`${user} in ${group}`}; fi`
  await runScript(node.ssh, [{ name: 'add-user-to-group', command }])
}

/** The smallest id above all in use among those for people (1000 to 59999). */
export function nextFreeId(used: readonly number[]): number {
  const people = used.filter((id) => id >= 1000 && id < 60_000)
  return people.length === 0 ? 1000 : Math.max(...people) + 1
}

import { type Command, commandText, ShellCommand, sh } from '../ssh/quote.js'
import { NodeError } from './errors.js'
import type { RemoteNode } from './remote-node.js'
import { runScript } from './scripts/run-script.js'

export type PackageProvider = 'apt' | 'yum'

/** Package names as a list, or in one string separated by blanks. */
export type Packages = string | readonly string[]

/** Which package tool a node has. */
export async function packageProvider(node: RemoteNode): Promise<PackageProvider | undefined> {
  const probe =
    'if command -v apt-get >/dev/null; then echo apt; elif command -v dnf || command -v yum; then echo yum; fi'
  const { stdout } = await node.ssh.execute(probe, { sourceProfile: false })
  const word = stdout.trim().split('\n').at(-1)
  return word === 'apt' || word === 'yum' ? word : undefined
}

/** Runs apt-get with arguments as a shell would split them; asks nothing, waits for another apt. */
export async function aptCommand(node: RemoteNode, args: Command): Promise<void> {
  await runScript(node.ssh, [{ name: 'apt-get', command: new ShellCommand(`sc_apt ${commandText(args)}`) }])
}

/** Refreshes the package lists and installs packages, in one round trip. */
export async function aptInstall(node: RemoteNode, packages: Packages): Promise<void> {
  const names = packageNames(packages)
  const command = sh`sc_apt_update
sc_apt install -- ${names}`
  await runScript(node.ssh, [{ name: 'apt-get-install', command }])
}

/** Runs dnf, or yum where there is no dnf, with arguments as a shell would split them; asks nothing. */
export async function yumCommand(node: RemoteNode, args: Command): Promise<void> {
  // -q and -y are what yum, dnf and dnf5 have in common
  await node.ssh.execute(`"$(command -v dnf || command -v yum)" -q -y ${commandText(args)}`)
}

export async function yumInstall(node: RemoteNode, packages: Packages): Promise<void> {
  await yumCommand(node, sh`install -- ${packageNames(packages)}`)
}

/** Installs packages with whatever package tool the node has. */
export async function packageInstall(node: RemoteNode, packages: Packages): Promise<void> {
  const provider = await packageProvider(node)
  if (provider === 'apt') return aptInstall(node, packages)
  if (provider === 'yum') return yumInstall(node, packages)
  throw new NodeError(`${node.alias} has neither apt-get nor dnf nor yum`)
}

function packageNames(packages: Packages): string[] {
  const words = typeof packages === 'string' ? packages.split(/\s+/) : [...packages]
  return words.filter((word) => word !== '')
}

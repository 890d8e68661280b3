import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { defaultUserScript, refusingRoot } from './default-user.js'
import type { InstanceMetadata, NodeSpec } from './engine.js'
import { giveToNodeRoot } from './ids.js'
import type { ImageLogin } from './image-login.js'
import { readUserData } from './user-data.js'

/** The layer that makes a disk this machine's: its name, its keys, its user data. Written once, before the first boot. */
export async function writeSeedLayer(
  dir: string,
  spec: NodeSpec,
  metadata: InstanceMetadata | undefined,
  login: ImageLogin,
): Promise<void> {
  const { user, userDataCounts } = login
  const told = readUserData(userDataCounts ? metadata?.userData : undefined)
  const { scripts, authorizedKeys, hostname, disableRoot = login.disableRoot } = told
  const name = hostname ?? spec.hostname
  const keys = [...publicKeys(metadata), ...authorizedKeys]
  const files: [path: string, content: string | Uint8Array, mode: number][] = [
    ['etc/hostname', `${name}\n`, 0o644],
    ['etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444],
    [
      'etc/hosts',
      `127.0.0.1 localhost\n${spec.privateIp} ${hostLine(name)}\n\n::1 localhost ip6-localhost ip6-loopback\n`,
      0o644,
    ],
    [
      'root/.ssh/authorized_keys',
      keys.map((key) => `${disableRoot ? refusingRoot(key, user?.name) : key}\n`).join(''),
      0o600,
    ],
  ]
  const cloud = 'var/lib/cloud/instance'
  if (user) files.push([`${cloud}/default-user`, defaultUserScript(user, keys), 0o700])
  if (metadata?.userData) files.push([`${cloud}/user-data.txt`, metadata.userData, 0o600])
  scripts.forEach((script, at) => {
    files.push([`${cloud}/scripts/part-${String(at + 1).padStart(3, '0')}`, script, 0o700])
  })
  await mkdir(dir)
  for (const [path, content, mode] of files) {
    await mkdir(join(dir, dirname(path)), { recursive: true })
    await writeFile(join(dir, path), content)
    await chmod(join(dir, path), mode)
  }
  await openDirectories(dir)
  for (const closed of ['root', 'root/.ssh']) await chmod(join(dir, closed), 0o700)
  await giveToNodeRoot(dir)
}

/** Directories of a machine's system are open to its users, whatever umask we run with. */
async function openDirectories(dir: string): Promise<void> {
  await chmod(dir, 0o755)
  const entries = await readdir(dir, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) await openDirectories(join(dir, entry.name))
}

/** `node001.example.org` -> `node001.example.org node001` */
const hostLine = (name: string) => (name.includes('.') ? `${name} ${name.split('.')[0]}` : name)

function publicKeys(metadata: InstanceMetadata | undefined): string[] {
  return Object.entries(metadata?.tree ?? {})
    .filter(([path]) => /^public-keys\/\d+\/openssh-key$/.test(path))
    .map(([, key]) => key.trim())
    .filter(Boolean)
}

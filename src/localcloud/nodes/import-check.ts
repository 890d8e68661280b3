import { open, readFile, stat } from 'node:fs/promises'
import { LocalCloudError } from '../local-error.js'
import { resolveInTree } from './tree-path.js'

/** Programs without which a root file system is no machine, and Debian's names of their packages. */
const NEEDED: readonly (readonly [program: string, pack: string])[] = [
  ['sh', 'dash'],
  ['bash', 'bash'],
  ['sshd', 'openssh-server'],
  ['ssh-keygen', 'openssh-client'],
  ['ip', 'iproute2'],
  ['perl', 'perl-base'],
  ['mount', 'mount'],
  ['hostname', 'hostname'],
  ['useradd', 'passwd'],
]
const PATH = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin']

/** `e_machine` of ELF, by Node's name of the architecture. Source: elf(5). */
const ELF_MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

/**
 * Looks whether machines can start from an unpacked root file system.
 * @returns what it is, from its os-release: `Debian GNU/Linux 12 (bookworm)`
 * @throws LocalCloudError NotARootFileSystem, OtherArchitecture, ProgramsMissing, each with the way on
 */
export async function checkRoot(root: string, file: string): Promise<string> {
  if (!(await resolveInTree(root, 'etc')) || !(await resolveInTree(root, 'usr'))) throw await notARoot(root, file)
  const found = await Promise.all(NEEDED.map(([program]) => findProgram(root, program)))
  const missing = NEEDED.filter((_, at) => found[at] === undefined)
  if (missing.length > 0) {
    const names = missing.map(([program, pack]) => (program === pack ? program : `${program} (${pack})`)).join(', ')
    const packages = [...new Set(missing.map(([, pack]) => pack))].join(' ')
    throw new LocalCloudError('ProgramsMissing', `no machine can start from ${file}: it lacks ${names}`, {
      hint: `install them where the file was made (apt-get install ${packages}; mmdebstrap --include), pack it again`,
    })
  }
  await checkArchitecture(found[0]!, file)
  const release = (await resolveInTree(root, 'etc/os-release')) ?? (await resolveInTree(root, 'usr/lib/os-release'))
  const text = release ? await readFile(release, 'utf8').catch(() => '') : ''
  const value = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1]
  return value('PRETTY_NAME') || value('NAME') || 'Linux'
}

async function findProgram(root: string, program: string): Promise<string | undefined> {
  for (const dir of PATH) {
    const at = await resolveInTree(root, `${dir}/${program}`)
    const status = at === undefined ? undefined : await stat(at).catch(() => undefined)
    if (status?.isFile() && (status.mode & 0o111) !== 0) return at
  }
  return undefined
}

async function notARoot(root: string, file: string): Promise<LocalCloudError> {
  const has = (name: string) => resolveInTree(root, name)
  if ((await has('oci-layout')) || (await has('index.json')) || (await has('manifest.json'))) {
    return new LocalCloudError('NotARootFileSystem', `${file} is an archive of a container image, not of its files`, {
      hint: 'make one of the files: docker export "$(docker create IMAGE)" > rootfs.tar (podman has the same commands)',
    })
  }
  return new LocalCloudError('NotARootFileSystem', `${file} holds no root file system: no /etc and /usr at its top`, {
    hint: 'pack it from inside: tar --numeric-owner --xattrs -C ROOT -cf rootfs.tar .',
  })
}

async function checkArchitecture(shell: string, file: string): Promise<void> {
  const handle = await open(shell)
  const header = Buffer.alloc(20)
  await handle.read(header, 0, 20, 0).finally(() => handle.close())
  const wanted = ELF_MACHINES[process.arch]
  // ELFCLASS64, little endian, and the machine.
  const fits = header.toString('latin1', 0, 6) === '\x7fELF\x02\x01' && header.readUInt16LE(18) === wanted
  if (fits || wanted === undefined) return
  throw new LocalCloudError(
    'OtherArchitecture',
    `${file} is made for another kind of processor than this computer's (${process.arch})`,
    { hint: `get the root file system for ${process.arch === 'arm64' ? 'arm64 (aarch64)' : 'amd64 (x86_64)'}` },
  )
}

import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { asNodeRootIn } from '../../../src/localcloud/nodes/own-root.js'
import { resolveInTree } from '../../../src/localcloud/nodes/tree-path.js'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

const images = join(DISK_ROOT, 'images')

vi.setConfig({ testTimeout: SLOW })
const sh = (script: string, ...args: string[]) =>
  execFileSync('sh', ['-euc', script, 'sh', ...args], { encoding: 'utf8' })

/** Packs a tree as nodes see it, without `./` in front of names. */
function pack(tree: string, target: string): void {
  const [command, args] = asNodeRootIn(tree, 'tar', [
    ...['--numeric-owner', '--xattrs', '--xattrs-include=*', '-cf', '-', ...readdirSync(tree)],
  ])
  const out = openSync(target, 'w')
  try {
    execFileSync(command, args, { stdio: ['ignore', out, 'inherit'] })
  } finally {
    closeSync(out)
  }
}

describe.skipIf(!canRunNodes)('import of a root file system tar', () => {
  const machines = new Machines()
  const { engine } = machines
  const work = join(machines.dir, 'files')
  const file = (name: string) => join(work, name)
  const leftOvers = () => readdirSync(images).filter((name) => name.startsWith('import-'))

  beforeAll(async () => {
    await machines.open()
    mkdirSync(work)
    const base = join(images, 'layers', (await new ImageStore(DISK_ROOT).ensureBase()).id)
    pack(base, file('rootfs.tar'))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'what `docker export` writes becomes a machine, with owners, capabilities and programs of ours kept',
    async () => {
      // Names without ./, devices, what engines leave behind, host keys, a file of another user.
      sh(
        `cd "$1"; mkdir -p x/dev x/srv/jail x/usr/sbin x/etc/ssh x/opt
         mknod x/dev/console c 5 1; mknod x/srv/jail/null c 1 3
         printf '#!/bin/sh\nexit 101\n' > x/usr/sbin/policy-rc.d; : > x/.dockerenv; echo k > x/etc/ssh/ssh_host_ed25519_key
         printf 'LABEL=cloudimg-rootfs / ext4 defaults 0 1\ntmpfs /mnt tmpfs size=1m 0 0\n' > x/etc/fstab
         echo mine > x/opt/mine; chown 1234:1234 x/opt/mine; ln "x/opt/mine" x/opt/same
         tar --numeric-owner -rf rootfs.tar -C x .dockerenv dev/console srv usr/sbin/policy-rc.d etc/ssh/ssh_host_ed25519_key etc/fstab opt/mine opt/same
         zstd -q -1 rootfs.tar -o rootfs.tar.zst`,
        work,
      )
      const said: string[] = []
      const made = await engine.disks.importTar(file('rootfs.tar.zst'), 'ami-7', {
        onProgress: (line) => said.push(line),
      })
      expect(made.distribution).toMatch(/^[A-Z].* [\d.]+/)
      expect(said.join()).toContain('unpacking rootfs.tar.zst')
      expect(await engine.disks.layers()).toEqual([made.layer])
      expect(await engine.boot({ ...machines.spec(7), layers: [made.layer] })).toEqual({ firstBoot: true })
      const out = await machines.out(
        7,
        `cat /opt/mine; stat -c '%u %h' /opt/same; ls /.dockerenv /usr/sbin/policy-rc.d /srv/jail/null 2>&1 | grep -c 'No such'
         cat /etc/fstab; dpkg-divert --truename /usr/sbin/mount.nfs; dpkg-divert --truename /sbin/init
         su -s /bin/sh nobody -c 'ping -c1 -W2 127.0.0.1' | grep -c '1 received'
         wc -c < /etc/ssh/ssh_host_ed25519_key`,
      )
      const [mine, owner, gone, fstab, nfs, init, capable, key] = out.split('\n')
      expect({ mine, owner, gone, fstab, nfs, init, capable }).toEqual({
        mine: 'mine',
        owner: '1234 2',
        gone: '3',
        fstab: 'tmpfs /mnt tmpfs size=1m 0 0',
        nfs: '/usr/sbin/mount.nfs.distrib',
        init: '/sbin/init.distrib',
        capable: '1',
      })
      expect(Number(key)).toBeGreaterThan(100)
      expect(leftOvers()).toEqual([])
    },
    SLOW,
  )

  test('LXC keeps the tree in `rootfs`; what is missing is named in one message', async () => {
    sh(
      'cd "$1"; mkdir -p l/rootfs/etc l/rootfs/usr/bin l/rootfs/dev; : > l/metadata.yaml; cp /bin/dash l/rootfs/usr/bin/sh; cp /bin/dash l/rootfs/usr/bin/perl; ln -s usr/bin l/rootfs/bin; tar -C l -cJf lxc.tar.xz .',
      work,
    )
    const refused = engine.disks.importTar(file('lxc.tar.xz'), 'ami-8')
    await expect(refused).rejects.toMatchObject({
      code: 'ProgramsMissing',
      message:
        'no machine can start from lxc.tar.xz: it lacks bash, sshd (openssh-server), ssh-keygen (openssh-client), ip (iproute2), mount, hostname, useradd (passwd)',
      hint: expect.stringContaining('apt-get install bash openssh-server'),
    })
    expect(leftOvers()).toEqual([])
  })

  test.each([
    ['no file', 'nothing.tar', ': > unused', 'ImportFailed', /there is no such file/],
    ['a directory', 'dir', 'mkdir dir', 'ImportFailed', /it is not a file/],
    ['an empty file', 'empty.tar', ': > empty.tar', 'ImportFailed', /it is empty/],
    ['some text', 'text.tar', 'seq 1000 > text.tar', 'ImportFailed', /text\.tar could not be unpacked/],
    [
      'half a file',
      'half.tgz',
      'seq 9999 > s; tar czf whole.tgz s; head -c 900 whole.tgz > half.tgz',
      'ImportFailed',
      /unexpected end of file/,
    ],
    [
      'other files',
      'other.tar',
      'mkdir -p o; echo > o/x; tar -C o -cf other.tar .',
      'NotARootFileSystem',
      /no \/etc and \/usr/,
    ],
    [
      'docker save',
      'save.tar',
      'mkdir -p d/blobs; : > d/manifest.json; tar -C d -cf save.tar .',
      'NotARootFileSystem',
      /archive of a container image/,
    ],
    [
      'shifted ids',
      'shift.tar',
      'mkdir -p h/etc; tar -C h --owner=:100000 --group=:100000 -cf shift.tar .',
      'ImportFailed',
      /user id 100000/,
    ],
  ])('refused, and nothing is left: %s', async (_what, name, script, code, message) => {
    sh(`cd "$1"; ${script}`, work)
    const layers = await engine.disks.layers()
    await expect(engine.disks.importTar(file(name), 'ami-9')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect(leftOvers()).toEqual([])
    expect(await engine.disks.layers()).toEqual(layers)
  })

  test('another processor is refused', async () => {
    sh(
      `cd "$1"; mkdir -p a/etc a/usr/bin; for p in sh bash sshd ssh-keygen ip perl mount hostname useradd; do cp /bin/dash a/usr/bin/$p; done
       printf '\\363' | dd of=a/usr/bin/sh bs=1 seek=18 conv=notrunc 2>/dev/null; tar -C a -cf arch.tar .`,
      work,
    )
    await expect(engine.disks.importTar(file('arch.tar'), 'ami-9')).rejects.toMatchObject({ code: 'OtherArchitecture' })
  })

  test('names and links that lead out of the tree touch nothing of the host', async () => {
    const victim = mkdtempSync(join(tmpdir(), 'sc-victim-'))
    try {
      writeFileSync(join(victim, 'secret'), 'secret\n')
      sh(
        `cd "$1"; mkdir -p e/one e/two/out e/three; ln -s "$2" e/one/out; echo evil > e/two/out/evil; echo evil > e/evil
         tar -cf evil.tar -C e/one out
         tar -rf evil.tar -C e/two out/evil
         (cd e/three && tar -P -rf ../../evil.tar ../evil)
         tar -P --transform "s,^e/evil,$2/absolute," -rf evil.tar e/evil
         ln "$2/secret" "$2/hard"; tar -P -rf evil.tar "$2/secret" "$2/hard"; rm "$2/hard"
         tar -P --delete -f evil.tar "$2/secret"`,
        work,
        victim,
      )
      expect(sh('tar -P -tvf "$1"', file('evil.tar'))).toMatch(
        /out -> .*\n.*out\/evil\n.*\.\.\/evil\n.*\/absolute\n.*hard link to/,
      )
      await expect(engine.disks.importTar(file('evil.tar'), 'ami-9')).rejects.toMatchObject({ name: 'LocalCloudError' })
      expect(readdirSync(victim)).toEqual(['secret'])
      expect(statSync(join(victim, 'secret')).nlink).toBe(1)
      expect(existsSync(join(images, 'evil'))).toBe(false)
      expect(leftOvers()).toEqual([])
    } finally {
      rmSync(victim, { recursive: true })
    }
  })

  test('ended half way, nothing is left', async () => {
    const control = new AbortController()
    const layers = await engine.disks.layers()
    const importing = engine.disks.importTar(file('rootfs.tar'), 'ami-9', { signal: control.signal })
    await machines.until('files are there', () =>
      leftOvers().some((name) => existsSync(join(images, name, 'root/usr'))),
    )
    control.abort()
    await expect(importing).rejects.toMatchObject({ name: 'AbortError' })
    expect(leftOvers()).toEqual([])
    expect(await engine.disks.layers()).toEqual(layers)
  })
})

test('a path in a tree: links are followed inside of it only', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sc-tree-'))
  try {
    sh(
      'cd "$1"; mkdir -p usr/bin etc; ln -s usr/bin bin; ln -s /usr/bin/x etc/abs; ln -s ../../../../etc up; ln -s a a; : > usr/bin/x',
      root,
    )
    expect(await resolveInTree(root, 'bin/x')).toBe(join(root, 'usr/bin/x'))
    expect(await resolveInTree(root, 'etc/abs')).toBe(join(root, 'usr/bin/x'))
    expect(await resolveInTree(root, 'up')).toBe(join(root, 'etc'))
    expect(await resolveInTree(root, '../../x')).toBe(undefined)
    expect(await resolveInTree(root, 'a/b')).toBe(undefined)
  } finally {
    rmSync(root, { recursive: true })
  }
})

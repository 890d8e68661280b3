import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { program } from './measure.mjs'

const checkout = dirname(dirname(dirname(program)))

/**
 * Runs a script of this directory as an ordinary user made for it, who has subordinate ids, a HOME of mode 0700 and his own
 * view of /dev/net/tun; what it prints is shown. -> its exit status
 */
export function asOrdinaryUser(script, args) {
  const name = `scbench${randomBytes(3).toString('hex')}`
  const home = `/home/${name}`
  const here = join(home, 'checkout')
  execFileSync('useradd', ['-m', '-d', home, '-s', '/bin/sh', name])
  try {
    if (!new RegExp(`^${name}:`, 'm').test(readFileSync('/etc/subuid', 'utf8')))
      execFileSync('usermod', ['--add-subuids', '900000-965535', '--add-subgids', '900000-965535', name])
    execFileSync('chmod', ['700', home])
    mkdirSync(here)
    const user = ['setpriv', '--reuid', name, '--regid', name, '--init-groups']
    const command = [process.execPath, '--expose-gc', join(here, 'scripts/lib/bench', script), ...args]
    const view = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', VIEW, 'sh', checkout, here]
    const [first, ...rest] = [...view, ...user, ...command]
    const env = { PATH: process.env.PATH, HOME: home, USER: name, LANG: 'C.UTF-8', TMPDIR: home }
    return spawnSync(first, rest, { stdio: 'inherit', cwd: '/', env }).status
  } finally {
    execFileSync('userdel', ['-r', name], { stdio: 'ignore' })
  }
}

// The device as he may open it, and the checkout where he can reach it, for him alone.
const VIEW = `
mount -t tmpfs none /mnt
mknod -m 666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun
umount -l /mnt
mount --bind "$1" "$2"
shift 2
exec "$@"`

import { mustRunHost } from './host-command.js'
import { asOwnRoot } from './own-root.js'

/** Paths that are one machine's own; patterns of the shell, taken from the top of the layer. */
const REMOVED = [
  'etc/ssh/ssh_host_*',
  'etc/machine-id',
  'etc/hostname',
  'etc/hosts',
  'var/lib/dbus/machine-id',
  'var/lib/cloud',
  'var/lib/nfs/etab',
  'var/lib/apt/lists',
  'var/cache/apt/archives/*.deb',
  'var/cache/apt/*.bin',
  'root/.ssh',
  'root/.*_history',
  'root/.*hist',
  'root/.viminfo',
  'home/*/.ssh',
  'home/*/.*_history',
  'home/*/.*hist',
  'home/*/.viminfo',
  'var/crash/*',
  'var/lib/systemd/random-seed',
  'var/lib/dhcp/*',
  'tmp/*',
  'tmp/.[!.]*',
  'var/tmp/*',
  'run',
]

/**
 * Takes from a captured layer what must not be in an image: keys, names, histories and logs of the machine it came from,
 * as the original's `ebsimage` does, and what a new machine gets afresh. Other than that it leaves the files of root: it
 * emptied /root, where people put software, and CreateImage of AWS keeps all. The machine itself is not changed. Nothing of a base image is hidden by it: entries go
 * from the layer only. Links are not followed.
 */
export async function cleanImageLayer(tree: string): Promise<void> {
  const script = `set -eu
cd "$1"
# A directory that is a link leads out of the layer: whatever is named below it is not ours to remove.
beneath() { d=$1; while case $d in */*) true ;; *) false ;; esac; do d=\${d%/*}; [ ! -L "$d" ] || return 1; done; }
for path in ${REMOVED.join(' ')}; do
  if { [ -e "$path" ] || [ -L "$path" ]; } && beneath "$path"; then rm -rf --one-file-system -- "$path"; fi
done
if [ -d var/log ] && [ ! -L var ] && [ ! -L var/log ]; then find -P var/log -type f -delete; fi
if [ -f etc/fstab ] && [ ! -L etc ] && [ ! -L etc/fstab ]; then sed -i '/[[:space:]]nfs4\\?[[:space:]]/d' etc/fstab; fi
`
  await mustRunHost(...asOwnRoot('sh', ['-c', script, 'sh', tree]))
}

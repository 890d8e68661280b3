import type { DefaultUser } from './image-login.js'

/**
 * What cloud-init puts in front of root's keys when root is not to log in: sshd runs this whatever was asked for.
 * Source: cloud-init, module ssh, `disable_root_opts`.
 */
export function refusingRoot(key: string, user: string | undefined): string {
  const say = `echo 'Please login as the user \\"${user ?? 'NONE'}\\" rather than the user \\"root\\".';echo;sleep 10;exit 142`
  return `no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="${say}" ${key}`
}

/** The script that makes an image's default user where there is none, and opens the account to these keys. */
export function defaultUserScript({ name, shell, sudo }: DefaultUser, keys: readonly string[]): string {
  const rules = sudo.map((rule) => `${name} ${rule}\n`).join('')
  const sudoers = `if [ -d /etc/sudoers.d ]; then
  umask 0337
  cat > /etc/sudoers.d/90-cloud-init-users <<'END'
${rules}END
fi
`
  return `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
id ${name} >/dev/null 2>&1 || useradd -m -s ${quote(shell)} ${name}
home=$(getent passwd ${name} | cut -d: -f6)
umask 077
mkdir -p "$home/.ssh"
cat >> "$home/.ssh/authorized_keys" <<'END'
${keys.map((key) => `${key}\n`).join('')}END
chown -R "${name}:$(id -g ${name})" "$home/.ssh"
${sudo.length > 0 ? sudoers : ''}`
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

import { sh } from '../../ssh/quote.js'
import type { ScriptStep } from './run-script.js'

/**
 * Opens root's login to a key: authorised without a forced command, and permitted by sshd. Waits for cloud-init first, which
 * would put the forced command back. To be run with sudo; the second run changes nothing but reads sshd's settings again.
 *
 * Source: sshd_config(5): of a setting that is there twice the first counts, and `Include` is read where it stands.
 */
export function openRootStep(publicKey: string): ScriptStep {
  const [type = '', blob = ''] = publicKey.trim().split(/\s+/)
  const line = `${type} ${blob} starcluster`
  return {
    name: 'root-login',
    command: sh`sc_first_boot
sc_keys=/root/.ssh/authorized_keys
sc_directory /root/.ssh 700 root:root
sc_new "$sc_keys"
{ grep -svF -- ${blob} "$sc_keys" || true; printf '%s\n' ${line}; } > "$sc_tmp"
sc_install "$sc_tmp" "$sc_keys" 600 root:root
! command -v restorecon > /dev/null || restorecon -RF /root/.ssh

sc_config=/etc/ssh/sshd_config
sc_permit='PermitRootLogin prohibit-password'
sc_permitted() {
  case $(sshd -T -C user=root,host=localhost,addr=127.0.0.1 2> /dev/null | sed -n 's/^permitrootlogin //p') in
    yes | without-password | prohibit-password) return 0 ;;
  esac
  return 1
}
if ! sc_permitted && grep -Eqi '^[[:space:]]*Include[[:space:]]+"?/etc/ssh/sshd_config[.]d/[*][.]conf' "$sc_config"; then
  sc_directory "$sc_config.d" 755 root:root
  sc_file "$sc_config.d/00-starcluster.conf" 644 root:root "$sc_permit
"
fi
if ! sc_permitted && [ "$(head -n 1 "$sc_config")" != "$sc_permit" ]; then
  sc_new "$sc_config"
  { printf '%s\n' "$sc_permit"; cat "$sc_config"; } > "$sc_tmp"
  sc_install "$sc_tmp" "$sc_config" "$(stat -c %a "$sc_config")" "$(stat -c %U:%G "$sc_config")"
fi
# Also when nothing was changed: an earlier run may have been cut off right before.
sc_reload() { systemctl reload "$1" || service "$1" reload; }
{ sc_reload ssh || sc_reload sshd || kill -HUP "$(cat /run/sshd.pid)"; } > /dev/null 2>&1 ||
  sc_fail 'sshd could not be told to read its settings again'`,
  }
}

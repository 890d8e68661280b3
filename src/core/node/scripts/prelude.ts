/**
 * Functions that every script we run on a node begins with: POSIX sh, GNU or busybox tools, any mawk/gawk.
 * Each compares before it acts and says `changed: WHAT` only when it did something, so that a second run changes nothing.
 */
export const prelude = String.raw`set -eu
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
umask 022
sc_step=start
trap 'sc_code=$?; [ "$sc_code" = 0 ] || printf "step %s failed\n" "$sc_step" >&2' EXIT
sc_changed() { printf 'changed: %s\n' "$*"; }
sc_fail() { printf '%s\n' "$*" >&2; exit 1; }

read -r sc_machine 2>/dev/null < /etc/machine-id || sc_machine=none

# sc_name PATH - in $sc_tmp, a name for what is to replace PATH; what scripts that were cut off have left beside it goes.
# Named after machine and process: a home may be shared, and another script be at work.
sc_name() {
  for sc_old in "$1".sc-"$sc_machine"-*; do
    [ -e "$sc_old" ] || continue
    sc_pid=${'$'}{sc_old##*-}
    sc_pid=${'$'}{sc_pid%%.*}
    [ -d "/proc/$sc_pid" ] && [ "$sc_pid" != $$ ] || rm -rf "$sc_old"
  done
  sc_tmp=$1.sc-$sc_machine-$$
}

# sc_new PATH - an empty file of that name, for root's or the user's eyes only
sc_new() {
  sc_name "$1"
  umask 077
  : > "$sc_tmp"
  umask 022
}

# sc_install TMP PATH MODE OWNER:GROUP - puts TMP in place of PATH unless they agree
sc_install() {
  if cmp -s "$1" "$2" 2>/dev/null && [ "$(stat -c '%a %U:%G' "$2")" = "$3 $4" ]; then
    rm -f "$1"
    return 0
  fi
  chmod "$3" "$1"
  chown "$4" "$1"
  # A file that is itself a mount point (containers do that to /etc/hosts) cannot be replaced, only rewritten.
  mv -f "$1" "$2" 2>/dev/null || { cat "$1" > "$2" && rm -f "$1"; }
  sc_changed "$2"
}

# sc_file PATH MODE OWNER:GROUP CONTENT
sc_file() {
  sc_new "$1"
  printf '%s' "$4" > "$sc_tmp"
  sc_install "$sc_tmp" "$1" "$2" "$3"
}

# sc_block KIND PATH MODE OWNER:GROUP NAME CONTENT [NAMES] - keeps CONTENT between marker lines, the rest as it is.
# KIND hosts or known: names that CONTENT or NAMES tell are dropped elsewhere in the file, compared as whole names.
sc_block() {
  [ -e "$2" ] || [ -n "$6" ] || return 0
  [ $# -ge 7 ] || set -- "$@" ''
  [ -d "$(dirname "$2")" ] || { mkdir -p -m 700 "$(dirname "$2")"; }
  sc_new "$2"
  printf '%s' "$6" > "$sc_tmp.body"
  printf '%s' "$7" > "$sc_tmp.names"
  { [ ! -e "$2" ] || cat "$2"; } | awk -v kind="$1" -v b="# BEGIN $5" -v e="# END $5" -v body="$sc_tmp.body" -v names="$sc_tmp.names" '
    function emit(  line, n) {
      if (done) return
      done = 1
      while ((getline line < body) > 0) { if (!n++) print b; print line }
      close(body)
      if (n) print e
    }
    function outside(  words, parts, n, i, kept, count, text, comment) {
      if (kind == "plain" || $0 ~ /^[ \t]*(#|$)/) { print; return }
      if (kind == "known") {
        n = split($1, parts, ",")
        for (i = 1; i <= n; i++) if (parts[i] in told) count++
        if (!count) print
        return
      }
      text = $0
      comment = ""
      if (i = index(text, "#")) { comment = " " substr(text, i); text = substr(text, 1, i - 1) }
      n = split(text, words, /[ \t]+/)
      for (i = 2; i <= n; i++) if (words[i] in told) count++; else if (words[i] != "") kept = kept " " words[i]
      if (!count) print
      else if (kept != "") print words[1] kept comment
    }
    BEGIN {
      while ((getline line < body) > 0) {
        n = split(line, words, /[ \t]+/)
        if (kind == "hosts") for (i = 2; i <= n; i++) told[words[i]] = 1
        if (kind == "known") { m = split(words[1], parts, ","); for (i = 1; i <= m; i++) told[parts[i]] = 1 }
      }
      close(body)
      while ((getline line < names) > 0) told[line] = 1
      close(names)
      delete told[""]
    }
    $0 == b && !inside { inside = 1; held = ""; next }
    inside && $0 == e { inside = 0; emit(); next }
    inside { held = held $0 "\n"; next }
    { outside() }
    END { if (inside) printf "%s", held; emit() }
  ' > "$sc_tmp"
  rm -f "$sc_tmp.body" "$sc_tmp.names"
  sc_install "$sc_tmp" "$2" "$3" "$4"
}

# sc_edit_block KIND PATH MODE OWNER:GROUP NAME NAMES LINES - in the block, LINES instead of those that tell one of NAMES:
# a name in the first field of known hosts, a word after the first in all other kinds.
sc_edit_block() {
  sc_names=$(mktemp)
  printf '%s' "$6" > "$sc_names"
  sc_kept=$(
    [ ! -e "$2" ] || awk -v kind="$1" -v b="# BEGIN $5" -v e="# END $5" -v names="$sc_names" '
      function told_by(  parts, n, i) {
        n = kind == "known" ? split($1, parts, ",") : split($0, parts, /[ \t]+/)
        for (i = kind == "known" ? 1 : 2; i <= n; i++) if (parts[i] in told) return 1
        return 0
      }
      BEGIN { while ((getline line < names) > 0) told[line] = 1 }
      $0 == e { inside = 0 }
      inside && !told_by() { print }
      $0 == b { inside = 1 }
    ' "$2"
  )
  rm -f "$sc_names"
  [ -z "$sc_kept" ] || sc_kept="$sc_kept
"
  sc_block "$1" "$2" "$3" "$4" "$5" "$sc_kept$7" "$6"
}

# sc_line PATH MODE OWNER:GROUP LINE - the line somewhere in the file
sc_line() {
  ! grep -qxF -- "$4" "$1" 2>/dev/null || return 0
  sc_new "$1"
  { [ ! -e "$1" ] || cat "$1"; printf '%s\n' "$4"; } > "$sc_tmp"
  sc_install "$sc_tmp" "$1" "$2" "$3"
}

# sc_directory PATH MODE OWNER:GROUP
sc_directory() {
  if [ -d "$1" ] && [ "$(stat -c '%a %U:%G' "$1")" = "$2 $3" ]; then return 0; fi
  mkdir -p "$1"
  chmod "$2" "$1"
  chown "$3" "$1"
  sc_changed "$1"
}

# sc_hostname NAME
sc_hostname() {
  if [ -d /etc/cloud/cloud.cfg.d ]; then
    # cloud-init would put its own names back at the next boot.
    sc_file /etc/cloud/cloud.cfg.d/99-starcluster.cfg 644 root:root 'preserve_hostname: true
manage_etc_hosts: false
'
  fi
  sc_file /etc/hostname 644 root:root "$1
"
  if [ "$(cat /proc/sys/kernel/hostname)" != "$1" ]; then
    hostname "$1"
    sc_changed "hostname $1"
  fi
}

# sc_account NAME UID GID SHELL HOME - the account with exactly these ids; its home is not touched
sc_account() {
  sc_shell=$(command -v "$4") || sc_fail "the shell $4 is not installed on this node"
  if ! getent group "$3" > /dev/null; then
    if getent group "$1" > /dev/null; then groupmod -g "$3" "$1"; else groupadd -g "$3" "$1"; fi
    sc_changed "group $1"
  fi
  sc_other=$(getent passwd "$2" | cut -d: -f1)
  [ -z "$sc_other" ] || [ "$sc_other" = "$1" ] || sc_fail "user id $2, meant for $1, belongs to $sc_other on this node"
  sc_entry=$(getent passwd "$1" || true)
  if [ -z "$sc_entry" ]; then
    useradd -M -u "$2" -g "$3" -s "$sc_shell" -d "$5" "$1"
    sc_changed "user $1"
  elif [ "$(printf '%s' "$sc_entry" | cut -d: -f3,4,6,7)" != "$2:$3:$5:$sc_shell" ]; then
    usermod -u "$2" -g "$3" -s "$sc_shell" -d "$5" "$1"
    sc_changed "user $1"
  fi
}

# sc_home NAME HOME - makes the home of an account that has none
sc_home() {
  [ ! -d "$2" ] || return 0
  mkdir -p "$(dirname "$2")"
  sc_name "$2"
  if [ -d /etc/skel ]; then cp -rT /etc/skel "$sc_tmp"; else mkdir "$sc_tmp"; fi
  chown -R "$1:$(id -g "$1")" "$sc_tmp"
  chmod 755 "$sc_tmp"
  # Another node may have made it meanwhile, where it is shared.
  mv -T "$sc_tmp" "$2" 2>/dev/null || { rm -rf "$sc_tmp"; [ -d "$2" ] || sc_fail "$2 could not be made"; return 0; }
  sc_changed "$2"
}

# sc_link TARGET PATH
sc_link() {
  if [ -L "$2" ]; then
    [ "$(readlink "$2")" != "$1" ] || return 0
    rm -f "$2"
  elif [ -e "$2" ]; then
    printf 'kept: %s is not a link\n' "$2"
    return 0
  fi
  ln -s "$1" "$2"
  sc_changed "$2"
}

# sc_key TYPE FILE - makes a key pair without passphrase where there is none
sc_key() {
  [ -d "$(dirname "$2")" ] || { mkdir -p -m 700 "$(dirname "$2")"; }
  [ -s "$2" ] || { rm -f "$2"; ssh-keygen -q -t "$1" -N '' -C "$(id -un)@starcluster" -f "$2" < /dev/null; sc_changed "$2"; }
  [ -s "$2.pub" ] || { ssh-keygen -y -f "$2" > "$2.pub" < /dev/null; sc_changed "$2.pub"; }
}

# sc_fstab SOURCE PATH OPTIONS - the one NFS line of a mount point
sc_fstab() {
  sc_new /etc/fstab
  { [ ! -e /etc/fstab ] || cat /etc/fstab; } | awk -v source="$1" -v path="$2" -v options="$3" '
    $1 !~ /^#/ && $2 == path && $3 ~ /^nfs/ { if (!done++) print source, path, "nfs", options, 0, 0; next }
    { print }
    END { if (!done) print source, path, "nfs", options, 0, 0 }
  ' > "$sc_tmp"
  sc_install "$sc_tmp" /etc/fstab 644 root:root
}

# sc_mount_nfs SOURCE PATH OPTIONS - mounts now and at every boot; the server may still be starting
sc_mount_nfs() {
  sc_fstab "$1" "$2" "$3"
  [ -d "$2" ] || mkdir -p "$2"
  if mountpoint -q "$2"; then return 0; fi
  sc_try=0
  until sc_said=$(timeout 60 mount -t nfs -o "$3" "$1" "$2" 2>&1); do
    sc_try=$((sc_try + 1))
    [ "$sc_try" -lt 10 ] || sc_fail "mounting $1 at $2: $sc_said"
    sleep 1
  done
  sc_changed "$2"
}

# sc_umount_nfs PATH
sc_umount_nfs() {
  if mountpoint -q "$1"; then umount "$1" 2>/dev/null || umount -l "$1"; sc_changed "$1"; fi
  [ -e /etc/fstab ] || return 0
  sc_new /etc/fstab
  awk -v path="$1" '!($1 !~ /^#/ && $2 == path && $3 ~ /^nfs/)' /etc/fstab > "$sc_tmp"
  sc_install "$sc_tmp" /etc/fstab 644 root:root
}

# sc_nfs_server - starts the kernel's NFS server where it does not run
sc_nfs_server() {
  [ "$(cat /proc/fs/nfsd/threads 2>/dev/null || echo 0)" = 0 ] || return 0
  if [ -d /run/systemd/system ]; then
    systemctl enable --now nfs-server > /dev/null 2>&1 || systemctl enable --now nfs-kernel-server
  else
    service nfs-kernel-server start > /dev/null
  fi
}

# sc_export_again - tells the server what /etc/exports says, unless it was told since that changed
sc_export_again() {
  if [ -e /var/lib/nfs/etab ]; then [ /etc/exports -nt /var/lib/nfs/etab ] || return 0; else [ -s /etc/exports ] || return 0; fi
  exportfs -ra
}

# sc_exports BLOCK CONTENT - what a block of /etc/exports says
sc_exports() {
  [ -e /etc/exports ] || [ -n "$2" ] || return 0
  [ -e /etc/exports ] || : > /etc/exports
  sc_block plain /etc/exports 644 root:root "$1" "$2"
  sc_export_again
}

# sc_export_to BLOCK CLIENTS LINES - in the block, LINES instead of those of CLIENTS (each with its options, a line each)
sc_export_to() {
  [ -e /etc/exports ] || [ -n "$3" ] || return 0
  [ -e /etc/exports ] || : > /etc/exports
  sc_edit_block plain /etc/exports 644 root:root "$1" "$2" "$3"
  sc_export_again
}

# sc_export_blocks - names of our blocks in /etc/exports
sc_export_blocks() {
  [ ! -e /etc/exports ] || sed -n 's/^# BEGIN \(starcluster .*\)$/\1/p' /etc/exports
}

# sc_first_boot - waits until user data has done its work: it uses apt too, and plugins may rely on it
sc_first_boot() {
  ! command -v cloud-init > /dev/null || timeout 600 cloud-init status --wait < /dev/null > /dev/null 2>&1 || true
}

# sc_apt_age - none (no apt here), stale (package lists missing or older than a day) or fresh
sc_apt_age() {
  command -v apt-get > /dev/null || { echo none; return 0; }
  # By change time: the modification times of the lists are those of the archive.
  if [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' 2>/dev/null | head -n 1)" ] &&
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 \( -name '*Release' -o -name partial \) -ctime -1 2>/dev/null | head -n 1)" ]; then
    echo fresh
  else
    echo stale
  fi
}

# sc_apt ARGUMENT... - apt-get that asks nothing and waits for another apt (unattended-upgrades at first boot)
sc_apt() {
  sc_try=0
  until sc_said=$(DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1 < /dev/null); do
    sc_try=$((sc_try + 1))
    case $sc_said in
      *'Could not get lock'*) [ "$sc_try" -lt 30 ] || sc_fail "$sc_said"; sleep 5 ;;
      # An earlier run was cut off in the middle.
      *'dpkg --configure -a'*) [ "$sc_try" -lt 2 ] || sc_fail "$sc_said"; DEBIAN_FRONTEND=noninteractive dpkg --configure -a --force-confdef --force-confold > /dev/null 2>&1 < /dev/null || true ;;
      *) printf '%s\n' "$sc_said" | tail -n 15 >&2; return 1 ;;
    esac
  done
}

# sc_apt_update - refreshes the package lists; without a network the old ones must do
sc_apt_update() {
  if sc_apt update; then touch /var/lib/apt/lists/partial; sc_changed 'package lists'; else echo 'warning: package lists are not refreshed'; fi
}
`

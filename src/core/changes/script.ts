import { quote, ShellCommand } from '../ssh/quote.js'

/** Where a node keeps what it was like before; in memory, gone with the next boot. */
const folder = (id: string) => `/run/starcluster/changes-${id}`

/** Trees that say nothing about a node's set-up, or are not its own. */
const skipped = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/lost+found']

/** Trees whose small files are compared by content: rewritten with the same text is no change. */
export const compared = ['/etc', '/root', '/home', '/opt', '/srv', '/usr/local', '/var/lib', '/var/www', '/var/spool']

/** Files of this size, in bytes, and above are not. */
export const comparedBytes = 1024 * 1024

/**
 * Shell functions that describe a node: `take DIR` writes one sorted list a subject, items ended by NUL for paths and by
 * newline else. Needs GNU find, sort and comm, as every distribution has.
 */
const functions = `
export LC_ALL=C
take() {
  umask 077; mkdir -p "$1"
  find / -xdev \\( ${skipped.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o \\
    \\( -type d -printf '%p\\t%y\\t\\t%m\\t%u\\t%g\\t\\t\\0' -o -printf '%p\\t%y\\t%s\\t%m\\t%u\\t%g\\t%T@\\t%l\\0' \\) 2>/dev/null | sort -z > "$1/files"
  find ${compared.join(' ')} -xdev -type f -size -${comparedBytes}c -print0 2>/dev/null | xargs -0 -r sha1sum -z 2>/dev/null | sort -z > "$1/contents"
  { if command -v dpkg-query >/dev/null 2>&1; then dpkg-query -W -f '\${Package}\\t\${Version}\\t\${db:Status-Status}\\n' | grep 'installed$'
    elif command -v rpm >/dev/null 2>&1; then rpm -qa --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\tinstalled\\n'; fi; } | sort > "$1/packages"
  cut -d: -f1,3,4,6,7 /etc/passwd | tr ':' '\\t' | sort > "$1/users"
  cut -d: -f1,3,4 /etc/group | tr ':' '\\t' | sort > "$1/groups"
  { ss -H -tuln 2>/dev/null || true; } | awk '{ print $1 "\\t" $5 }' | sort -u > "$1/ports"
  mine=$(ps -o sid= -p $$ | tr -d ' ')
  ps -e -o sid= -o user:32= -o comm= | awk -v mine="$mine" '$1 != mine && $1 != 0 && $3 != "sshd" { print $2 "\\t" $3 }' | sort -u > "$1/daemons"
}
owned() {
  if command -v dpkg-query >/dev/null 2>&1; then cat "/var/lib/dpkg/info/$1.list" /var/lib/dpkg/info/"$1":*.list 2>/dev/null
  else rpm -ql "$1" 2>/dev/null; fi
}
`

/** Remembers what the node is like now. */
export function rememberCommand(id: string): ShellCommand {
  return new ShellCommand(`${functions}\ntake ${quote(folder(id))}/before`)
}

/**
 * Prints what has changed since, every item ended by NUL: `== SUBJECT`, then items with `-` (was) or `+` (is) in front.
 * Ends what `rememberCommand` began, unless `keep`: then what is now is what the next comparison starts from.
 */
export function compareCommand(id: string, { keep = false } = {}): ShellCommand {
  return new ShellCommand(`${functions}
cd ${quote(folder(id))} || exit 1
take "$PWD/after"
for subject in packages users groups ports daemons; do
  echo "== $subject"
  comm -23 "before/$subject" "after/$subject" | sed 's/^/-/'
  comm -13 "before/$subject" "after/$subject" | sed 's/^/+/'
done | tr '\\n' '\\0'
{ echo '== owned'
  { comm -3 before/packages after/packages | sed 's/^\\t//' | cut -f1; } | sort -u |
    while read -r package; do owned "$package" | sed 's/^/+/'; done | sort -u
} | tr '\\n' '\\0'
for subject in files contents; do
  printf '== %s\\0' "$subject"
  comm -z -23 "before/$subject" "after/$subject" | sed -z 's/^/-/'
  comm -z -13 "before/$subject" "after/$subject" | sed -z 's/^/+/'
done
${keep ? 'rm -rf before && mv after before' : `cd / && rm -rf ${quote(folder(id))}`}
`)
}

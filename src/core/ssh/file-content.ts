import { splitLines } from './command-result.js'
import { RemoteFileError } from './errors.js'
import { sh } from './quote.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { NO_SUCH_FILE } from './sftp-call.js'

export interface WriteFileOptions {
  /** Permission bits. Default: those of the file that is replaced, else 0644. */
  readonly mode?: number
  /** `user`, `user:group` or numbers. Default: that of the file that is replaced, else the login's. */
  readonly owner?: string
}

/** A file's text (UTF-8). One round trip. @throws RemoteFileError */
export async function readFile(host: RemoteHost, path: string): Promise<string> {
  const result = await host.execute(sh`LC_ALL=C cat -- ${remotePath(path)}`, {
    sourceProfile: false,
    logOutput: false,
    ignoreExitStatus: true,
    label: `read ${path}`,
  })
  if (!result.failed) return result.stdout
  const message = result.stderr.trim().replace(/^cat: .*: /, '')
  throw new RemoteFileError(
    host.name,
    path,
    message === 'No such file or directory' ? NO_SUCH_FILE : undefined,
    message,
  )
}

/**
 * Replaces a file's content, or makes the file. One round trip. The new content appears at once under the final name
 * or not at all; owner and permissions of an existing file stay, and a symbolic link keeps pointing where it does.
 * @throws RemoteFileError
 */
export async function writeFile(
  host: RemoteHost,
  path: string,
  content: string | Uint8Array,
  { mode, owner = '' }: WriteFileOptions = {},
): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const octal = mode === undefined ? '' : (mode & 0o7777).toString(8)
  const script = sh`LC_ALL=C /bin/sh -c ${WRITE_SCRIPT} sh ${remotePath(path)} ${bytes.byteLength} ${octal} ${owner}`
  const result = await host.execute(script, {
    stdin: bytes,
    sourceProfile: false,
    ignoreExitStatus: true,
    label: `write ${path} (${bytes.byteLength} bytes)`,
  })
  if (result.failed) throw new RemoteFileError(host.name, path, undefined, result.stderr.trim() || `not written`)
}

/** Lines of a file that match `regex`, or do not when `matching` is false; all without `regex`. */
export async function getRemoteFileLines(
  host: RemoteHost,
  path: string,
  regex?: RegExp | string,
  matching = true,
): Promise<string[]> {
  const lines = splitLines(await readFile(host, path))
  if (regex === undefined) return lines
  const test = tester(regex)
  return lines.filter((line) => test(line) === matching)
}

/** Takes the lines that match out of a file; writes nothing when none does. */
export async function removeLinesFromFile(host: RemoteHost, path: string, regex: RegExp | string): Promise<void> {
  const before = await readFile(host, path)
  const test = tester(regex)
  const after = before
    .split(/(?<=\n)/)
    .filter((line) => !test(line.replace(/\r?\n$/, '')))
    .join('')
  if (after !== before) await writeFile(host, path, after)
}

/** Without the state that a `g` or `y` flag keeps between calls. */
function tester(regex: RegExp | string): (line: string) => boolean {
  const stateless =
    typeof regex === 'string' ? new RegExp(regex) : new RegExp(regex.source, regex.flags.replace(/[gy]/g, ''))
  return (line) => stateless.test(line)
}

/**
 * $1 path, $2 size, $3 mode or empty, $4 owner or empty; content on standard input. The size is checked because a
 * broken connection looks like the end of the input. Where renaming is not possible (a bind-mounted /etc/hosts, a
 * directory that may not be written), the file itself is written.
 */
const WRITE_SCRIPT = `
target=$1
if [ -L "$target" ]; then target=$(readlink -f -- "$target") || exit; fi
if [ -d "$target" ]; then echo "is a directory" >&2; exit 1; fi
case $target in */*) directory=\${target%/*}/ ;; *) directory=./ ;; esac
draft=$directory.\${target##*/}.part-$$
trap 'rm -f -- "$draft"' EXIT
trap 'exit 1' HUP INT TERM
umask 077
if ! { : > "$draft"; } 2> /dev/null; then
  draft=$(mktemp) || exit
fi
cat > "$draft" || exit
if [ "$(wc -c < "$draft")" -ne "$2" ]; then echo "the connection broke while writing" >&2; exit 1; fi
if [ -e "$target" ]; then
  chmod --reference="$target" -- "$draft" || exit
  chown --reference="$target" -- "$draft" 2> /dev/null || in_place=1
else
  chmod 644 -- "$draft" || exit
fi
if [ -n "$3" ]; then chmod -- "$3" "$draft" || exit; fi
if [ -n "$4" ]; then chown -- "$4" "$draft" || exit; [ -z "$3" ] || chmod -- "$3" "$draft" || exit; in_place=; fi
case $draft in "$directory"*) ;; *) in_place=1 ;; esac
if [ -z "$in_place" ] && mv -f -- "$draft" "$target" 2> /dev/null; then exit 0; fi
cat "$draft" > "$target" || exit
if [ -n "$3" ]; then chmod -- "$3" "$target" || exit; fi
if [ -n "$4" ]; then chown -- "$4" "$target" || exit; fi
`

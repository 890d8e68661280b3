import { createReadStream } from 'node:fs'
import type { ClientChannel } from 'ssh2'
import { prefixDigest, remoteDigest } from './digest.js'
import { SCPException, SSHError } from './errors.js'
import { lstatIfThere, unlink } from './files.js'
import { quote } from './quote.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { anyShellLine } from './remote-shell.js'
import { counted, pump, throughChannel } from './stream.js'
import { draftName, type FileCopy, type GoingCopy, RESUMABLE, resumableName, type TransferOptions } from './transfer.js'

/** Fewer, larger reads: the reading thread and the encrypting one change places less often. */
const CHUNK = 512 * 1024

/**
 * Streams a file into a part beside its target, which a program on the node gives mode, time, owner and its name at the end.
 * Faster than sftp for more than a few packets. When we go away in the middle, the node sees the end of its input, finds
 * bytes missing and removes the part, or keeps it to go on from.
 */
export async function putLarge(
  host: RemoteHost,
  file: FileCopy,
  owner: { readonly uid: number; readonly gid: number } | undefined,
  { signal, tell }: GoingCopy,
  { resume, onPartLeft }: TransferOptions,
): Promise<void> {
  const { from, to, size, mode, mtime } = file
  const keep = resume === true && size >= RESUMABLE
  const part = keep ? resumableName(to, host.name) : draftName(to)
  const offset = keep ? await bytesThere(host, file, part) : 0
  if (offset > 0) tell(offset, true)
  const attributes = [mode.toString(8), mtime, owner ? `${owner.uid}:${owner.gid}` : '']
  const words = [remotePath(part), remotePath(to), size, offset, ...attributes, keep ? 'keep' : '']
  const script = `set -- ${words.map((word) => quote(String(word))).join(' ')}\n${SCRIPT}`
  const send = (channel: ClientChannel) => {
    return pump(counted(bytesFrom(file, offset), tell), channel, signal)
  }
  try {
    await throughChannel(host, anyShellLine(script), send, signal)
  } catch (error) {
    const full = error instanceof Error && /No space left|quota exceeded/i.test(error.message)
    if (keep && !full) onPartLeft?.(from)
    // the node does that too, as soon as it notices; here it is waited for
    if (!keep && signal.aborted) await unlink(host, part).catch(() => undefined)
    if (!full || signal.aborted) throw ofTarget(error, part, to)
    throw new SCPException(`${host.name}: the disk is full: ${to} was not copied`, {
      cause: error,
      hint: 'nothing of it is left there; free some space ("starcluster exec CLUSTER df -h" shows it), then copy again',
    })
  }
}

/** The name of the part says nothing to anybody. */
function ofTarget(error: unknown, part: string, to: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(part)) return error
  return new SSHError(error.message.replaceAll(part, to), { cause: error })
}

/** What the file had when it was looked up, even if it grows meanwhile. */
async function* bytesFrom({ from, size }: FileCopy, offset: number): AsyncGenerator<Buffer> {
  if (offset < size) yield* createReadStream(from, { start: offset, end: size - 1, highWaterMark: CHUNK })
}

/** How much of the file an earlier copy has left, when that is how the file begins. */
async function bytesThere(host: RemoteHost, { from, size }: FileCopy, part: string): Promise<number> {
  const there = await lstatIfThere(host, part)
  if (!there?.isFile() || there.size === 0 || there.size > size) return 0
  const [ours, theirs] = await Promise.all([prefixDigest(from, there.size), remoteDigest(host, part, there.size)])
  return ours === theirs ? there.size : 0
}

/**
 * $1 part, $2 target, $3 size, $4 bytes of the part that are right, $5 mode, $6 time, $7 owner or empty, $8 whether to keep
 * the part; content on standard input. The size is checked because a broken connection looks like the end of the input. Who
 * comes second to a part waits for the lock, and then looks whether the part is still the one it opened. In a directory like
 * /tmp a part may be somebody else's trap: it must be a file of ours.
 */
const SCRIPT = `
LC_ALL=C; export LC_ALL
umask 077
case $1 in */*) folder=\${1%/*}/ ;; *) folder=. ;; esac
[ -d "$folder" ] || { echo "$2: there is no such directory" >&2; exit 1; }
if [ -L "$1" ] || { [ -e "$1" ] && ! [ -O "$1" ]; }; then rm -f -- "$1" || exit 1; fi
exec 9>>"$1" || exit 1
if command -v flock > /dev/null 2>&1; then
  if ! flock -w 5 9 || ! [ "$1" -ef /proc/self/fd/9 ]; then echo "another copy to the same place is under way" >&2; exit 1; fi
fi
drop() { rm -f -- "$1"; [ -z "$2" ] || echo "$2" >&2; exit 1; }
[ "$(wc -c < "$1")" -ge "$4" ] || drop "$1" "the part that was there has changed; copy again"
truncate -s "$4" -- "$1" || drop "$1"
said=$(cat 2>&1 >&9) || drop "$1" "$said"
if [ "$(wc -c < "$1")" -ne "$3" ]; then
  [ -n "$8" ] || drop "$1" "not all of it arrived"
  echo "not all of it arrived" >&2
  exit 1
fi
if [ -n "$7" ]; then chown -- "$7" "$1" || drop "$1"; fi
chmod -- "$5" "$1" && touch -d "@$6" -- "$1" && mv -f -- "$1" "$2" || drop "$1"
`

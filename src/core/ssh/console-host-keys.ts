import { type HostKey, parseHostKey } from './host-keys.js'

export interface ConsoleHostKeys {
  readonly keys: HostKey[]
  /** `SHA256:...` or `MD5:...` */
  readonly fingerprints: string[]
}

/**
 * Host keys out of an instance's console output, as cloud-init's "ssh-authkey-fingerprints" and "keys-to-console"
 * modules print them: blocks `-----BEGIN SSH HOST KEY KEYS-----` and `... FINGERPRINTS-----`, each line with a prefix
 * of syslog, the kernel or `ec2:`. After several boots the last complete block of a kind is the valid one.
 */
export function parseConsoleHostKeys(consoleText: string): ConsoleHostKeys {
  const keys = lastBlock(consoleText, 'KEYS').flatMap((line) => {
    const found = /(?:^|\s)((?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line)
    const key = found?.[1] === undefined ? undefined : parseHostKey(found[1])
    return key ? [key] : []
  })
  const fingerprints = lastBlock(consoleText, 'FINGERPRINTS').flatMap((line) => {
    const sha256 = /SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])/.exec(line)?.[0]
    const md5 = /(?<![0-9a-f:])(?:[0-9a-f]{2}:){15}[0-9a-f]{2}(?![0-9a-f:])/.exec(line)?.[0]
    return sha256 ? [sha256] : md5 ? [`MD5:${md5}`] : []
  })
  return { keys, fingerprints }
}

function lastBlock(text: string, kind: 'KEYS' | 'FINGERPRINTS'): string[] {
  const begin = `-----BEGIN SSH HOST KEY ${kind}-----`
  const end = text.lastIndexOf(`-----END SSH HOST KEY ${kind}-----`)
  const start = end < 0 ? -1 : text.lastIndexOf(begin, end)
  return start < 0 ? [] : text.slice(start + begin.length, end).split(/[\r\n]+/)
}

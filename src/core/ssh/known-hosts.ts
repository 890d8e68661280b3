import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HostKeyMismatch, HostKeyUnknown } from './errors.js'
import { withFileLock } from './file-lock.js'
import { type HostKey, type HostKeyVerifier, keyType, md5Fingerprint, sha256Fingerprint } from './host-keys.js'
import {
  formatKnownHostsLine,
  type KnownHostsLine,
  knownHostsName,
  matchesHost,
  mayBeAbout,
  parseKnownHostsLine,
} from './known-hosts-line.js'

export interface PinnedOptions {
  /** `SHA256:...` or `MD5:...` from a trusted place (console output): a key that fits one is written to the file. */
  readonly fingerprints?: readonly string[]
  /** Take and keep whatever key is shown when none is known. Only when the user has asked for that. */
  readonly trustOnFirstUse?: boolean
  /** How a person calls the host, for messages. Default: the alias. */
  readonly name?: string
}

/** A known_hosts file, which OpenSSH reads too. Several processes may write to it. */
export class KnownHosts {
  /** What was read last, until the file is another one. */
  #read: { readonly stamp: string; readonly text: string[] } | undefined
  /** The edit under way, and what is made after it. */
  #last: Promise<void> = Promise.resolve()
  #next: { readonly changes: Change[]; readonly done: Promise<void> } | undefined

  constructor(readonly path: string) {}

  /** The file's lines that are about keys; an absent file has none. */
  async lines(): Promise<KnownHostsLine[]> {
    return (await this.#textLines()).flatMap((line) => parseKnownHostsLine(line) ?? [])
  }

  /** Valid keys of a host. `name` is an alias, or what `knownHostsName(host, port)` gives. */
  async keysOf(name: string): Promise<HostKey[]> {
    return (await this.#about(name)).filter((line) => !line.marker).map((line) => line.key)
  }

  /** Makes `keys` the keys of `name`; what was known for it before is forgotten. Writes nothing when nothing changes. */
  async pin(name: string, keys: readonly HostKey[]): Promise<void> {
    const wanted = keys.map((key) => formatKnownHostsLine({ hosts: name.toLowerCase(), key }))
    await this.#edit((lines) => {
      const others = lines.filter((text) => !isAbout(text, name))
      const present = lines.filter((text) => isAbout(text, name))
      return present.join('\n') === wanted.join('\n') ? lines : [...others, ...wanted]
    })
  }

  /** Removes all lines about these names, as `ssh-keygen -R` does. */
  async forget(...names: readonly string[]): Promise<void> {
    await this.#edit((lines) => lines.filter((text) => !names.some((name) => isAbout(text, name))))
  }

  /** Verifies a host by an alias of it (OpenSSH's HostKeyAlias), wherever it is reached. */
  pinned(alias: string, options: PinnedOptions = {}): HostKeyVerifier {
    return {
      verify: (_host, _port, keyBlob) => this.#verify(alias, keyBlob, options),
      knownKeyTypes: async () => (await this.keysOf(alias)).map((key) => key.type),
    }
  }

  /** Verifies a host by its address and port. */
  byAddress(options: PinnedOptions = {}): HostKeyVerifier {
    return {
      verify: (host, port, keyBlob) => this.#verify(knownHostsName(host, port), keyBlob, options),
      knownKeyTypes: async (host, port) => (await this.keysOf(knownHostsName(host, port))).map((key) => key.type),
    }
  }

  async #verify(name: string, blob: Buffer, options: PinnedOptions): Promise<'ok'> {
    const shown = `${keyType(blob)} ${sha256Fingerprint(blob)}`
    const who = options.name ?? name
    const about = await this.#about(name)
    if (about.some((line) => line.marker === '@revoked' && line.key.blob.equals(blob)))
      throw new HostKeyMismatch(`${who}: the host key ${shown} is marked as revoked in ${this.path}`)
    const known = about.filter((line) => !line.marker).map((line) => line.key)
    if (known.some((key) => key.blob.equals(blob))) return 'ok'
    if (known.length > 0) throw this.#mismatch(name, who, shown, known)
    const { fingerprints = [], trustOnFirstUse = false } = options
    const expected = [sha256Fingerprint(blob), md5Fingerprint(blob)].some((one) => fingerprints.includes(one))
    if (fingerprints.length > 0 && !expected)
      throw new HostKeyMismatch(`${who}: the host key ${shown} is not one of those in the instance's console output`, {
        hint: 'something else may answer at this address; look at the console output and the address of the instance',
      })
    if (!expected && !trustOnFirstUse) throw this.#unknown(who, shown)
    await this.pin(name, [{ type: keyType(blob), blob }])
    return 'ok'
  }

  #mismatch(name: string, who: string, shown: string, known: readonly HostKey[]): HostKeyMismatch {
    const pinned = known.map((key) => `${key.type} ${sha256Fingerprint(key.blob)}`).join(', ')
    return new HostKeyMismatch(`${who}: the host key has CHANGED: shown ${shown}, known ${pinned}; not connected`, {
      hint:
        'somebody may be listening in, or the system was installed anew. Only if you know why it changed: ' +
        `ssh-keygen -R '${name}' -f '${this.path}'`,
    })
  }

  #unknown(who: string, shown: string): HostKeyUnknown {
    return new HostKeyUnknown(`${who}: the host key ${shown} is not known; not connected`, {
      hint: "compare it with the instance's console output, which has its host keys some minutes after the first boot",
    })
  }

  async #about(name: string): Promise<KnownHostsLine[]> {
    const lower = name.toLowerCase()
    return (await this.#textLines())
      .filter((text) => mayBeAbout(text, lower))
      .flatMap((text) => parseKnownHostsLine(text) ?? [])
      .filter((line) => line.marker !== '@cert-authority' && matchesHost(line, lower))
  }

  /** A thousand nodes ask for their lines at about the same time: the file is read once. */
  async #textLines(): Promise<string[]> {
    const found = await stat(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    if (!found) return []
    const stamp = `${found.ino} ${found.size} ${found.mtimeMs}`
    if (this.#read?.stamp !== stamp) this.#read = { stamp, text: (await this.#text()).split('\n') }
    return this.#read.text
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }

  /** Edits that come while another is under way are made together, after it. */
  #edit(change: Change): Promise<void> {
    if (this.#next) this.#next.changes.push(change)
    else {
      const changes = [change]
      const done = this.#last.then(() => {
        this.#next = undefined
        return this.#editLocked((lines) => changes.reduce((changed, one) => one(changed), lines))
      })
      this.#next = { changes, done }
      this.#last = done.catch(() => undefined) // told to those who asked for it
    }
    return this.#next.done
  }

  async #editLocked(change: Change): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    await withFileLock(`${this.path}.lock`, () => this.#rewrite(change))
  }

  async #rewrite(change: Change): Promise<void> {
    const before = await this.#text()
    const lines = before.split('\n')
    if (lines.at(-1) === '') lines.pop()
    const after = change(lines)
      .map((line) => `${line}\n`)
      .join('')
    if (after === before) return
    const draft = `${this.path}.${randomBytes(4).toString('hex')}`
    try {
      await writeFile(draft, after, { mode: 0o600, flag: 'wx' })
      await rename(draft, this.path)
    } finally {
      await rm(draft, { force: true })
    }
  }
}

type Change = (lines: string[]) => string[]

function isAbout(text: string, name: string): boolean {
  if (!mayBeAbout(text, name.toLowerCase())) return false
  const line = parseKnownHostsLine(text)
  return line !== undefined && !line.marker && matchesHost(line, name.toLowerCase())
}

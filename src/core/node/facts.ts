/** A mounted file system: a line of `/proc/self/mounts`. */
export interface Mount {
  readonly device: string
  readonly path: string
  readonly type: string
  readonly options: readonly string[]
}

/** Mounts in `/proc/self/mounts` form, blanks in names decoded. Source: fstab(5) on `\040` and its kind. */
export function parseMounts(text: string): Mount[] {
  return text
    .split('\n')
    .map((line) => line.split(' ').map(decodeOctal))
    .filter((parts) => parts.length >= 4)
    .map(([device, path, type, options]) => ({
      device: device!,
      path: path!,
      type: type!,
      options: options!.split(','),
    }))
}

/** Total memory in MiB from `/proc/meminfo`. */
export function parseMemoryMiB(meminfo: string): number {
  const kiB = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return kiB === undefined ? 0 : Number(kiB) / 1024
}

/** A line of hosts(5). */
export interface HostsEntry {
  readonly address: string
  readonly names: readonly string[]
}

/** Entries of a hosts(5) file, comments left out. */
export function parseHosts(text: string): HostsEntry[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((words) => words.length > 1)
    .map(([address, ...names]) => ({ address: address!, names }))
}

/** A line of exports(5): a path and the clients it is exported to, each with its options. */
export interface ExportsEntry {
  readonly path: string
  readonly clients: readonly { readonly host: string; readonly options: readonly string[] }[]
}

/** Entries of an exports(5) file as we and Debian write it: no blanks in paths, no continued lines. */
export function parseExports(text: string): ExportsEntry[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((words) => words.length > 1)
    .map(([path, ...clients]) => ({
      path: path!,
      clients: clients.map((client) => {
        const [, host = client, options = ''] = /^([^(]*)\(([^)]*)\)$/.exec(client) ?? []
        return { host, options: options.split(',').filter((option) => option !== '') }
      }),
    }))
}

function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

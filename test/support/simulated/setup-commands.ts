import type { SimulatedFiles } from './files.js'
import { CommandFailed, type NodeCommand } from './shell.js'

const changed = (really: boolean, what: string): string => (really ? `changed: ${what}\n` : '')

/** The functions of the prelude that our scripts begin with, on simulated files. */
export const setupCommands: Readonly<Record<string, NodeCommand>> = {
  sc_hostname: ({ files }, [name = '']) => changed(files.write('/etc/hostname', `${name}\n`), '/etc/hostname'),

  sc_block: ({ files }, args) => setBlock(files, args, args[5] ?? ''),

  sc_edit_block: ({ files }, [kind = '', path = '', mode = '', owner = '', name = '', names = '', lines = '']) => {
    const told = new Set(names.split('\n').filter((one) => one !== ''))
    const keeps = (line: string) =>
      kind === 'known'
        ? !line
            .split(/\s+/)[0]!
            .split(',')
            .some((one) => told.has(one))
        : !line
            .split(/[ \t]+/)
            .slice(1)
            .some((one) => told.has(one))
    const kept = blockOf(files.read(path) ?? '', name)
      .filter(keeps)
      .map((line) => `${line}\n`)
    return setBlock(files, [kind, path, mode, owner, name], kept.join('') + lines)
  },

  sc_line: ({ files }, [path = '', mode = '', owner = '', line = '']) => {
    const before = files.read(path) ?? ''
    if (before.split('\n').includes(line)) return ''
    return changed(files.write(path, `${before}${line}\n`, Number.parseInt(mode, 8), owner), path)
  },

  sc_directory: ({ files }, [path = '', mode = '', owner = '']) =>
    changed(files.directory(path, Number.parseInt(mode, 8), owner), path),

  sc_account: ({ files }, [name = '', uid = '', gid = '', shell = '', home = '']) => {
    const group = setLine(files, '/etc/group', name, `${name}:x:${gid}:`)
    const user = setLine(files, '/etc/passwd', name, `${name}:x:${uid}:${gid}::${home}:/bin/${shell}`)
    return changed(group, `group ${name}`) + changed(user, `user ${name}`)
  },

  sc_home: ({ files }, [name = '', home = '']) =>
    files.get(home) ? '' : changed(files.directory(home, 0o755, `${name}:${name}`), home),

  sc_link: ({ files }, [target = '', path = '']) =>
    changed(files.put(path, { kind: 'link', content: target, mode: 0o777, owner: 'root:root' }), path),

  sc_key: ({ files, id }, [, path = ''], { user }) => {
    if (files.get(path)) return ''
    files.write(path, `key of ${user} on ${id}\n`, 0o600)
    return changed(
      files.write(`${path}.pub`, `ssh-ed25519 ${Buffer.from(`${user} ${id}`).toString('base64')} ${user}\n`),
      path,
    )
  },

  sc_apt_age: () => 'fresh\n',

  sc_nfs_server: (machine) => {
    machine.servesNfs = true
    return ''
  },

  sc_exports: ({ files }, [block = '', lines = '']) =>
    setBlock(files, ['plain', '/etc/exports', '644', 'root:root', block], lines),

  sc_umount_nfs: ({ mounts, files }, [path = '']) => {
    const lines = (files.read('/etc/fstab') ?? '').split('\n')
    files.write('/etc/fstab', lines.filter((line) => line.split(' ')[1] !== path).join('\n'))
    return changed(mounts.delete(path), path)
  },

  sc_mount_nfs: (machine, [source = '', path = '', options = '']) => {
    const line = `${source} ${path} nfs ${options} 0 0`
    const told = changed(setLine(machine.files, '/etc/fstab', source, line, ' '), '/etc/fstab')
    if (machine.mounts.get(path) === source) return told
    if (!machine.mayMount(source)) throw new CommandFailed(`mounting ${source} at ${path}: access denied by server`)
    machine.mounts.set(path, source)
    return told + changed(true, path)
  },
}

/** Lines between the markers of a block. */
export function blockOf(text: string, name: string): string[] {
  const start = text.indexOf(`# BEGIN ${name}\n`)
  const end = text.indexOf(`# END ${name}\n`)
  if (start < 0 || end < 0) return []
  return text
    .slice(start, end)
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
}

function setBlock(
  files: SimulatedFiles,
  [, path = '', mode = '', owner = '', name = '']: readonly string[],
  lines: string,
) {
  const before = files.read(path) ?? ''
  const start = before.indexOf(`# BEGIN ${name}\n`)
  const end = `# END ${name}\n`
  const block = lines === '' ? '' : `# BEGIN ${name}\n${lines}${end}`
  const rest = start < 0 ? '' : before.slice(before.indexOf(end, start) + end.length)
  const after = (start < 0 ? before : before.slice(0, start)) + block + rest
  if (after === '' && before === '') return ''
  return changed(files.write(path, after, Number.parseInt(mode, 8), owner), path)
}

/** Makes `line` the one that begins with `key`. @returns false when it was there */
function setLine(files: SimulatedFiles, path: string, key: string, line: string, separator = ':'): boolean {
  const lines = (files.read(path) ?? '').split('\n').filter((one) => one !== '' && one.split(separator)[0] !== key)
  return files.write(path, [...lines, line, ''].join('\n'))
}

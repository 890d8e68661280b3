import ssh2, { type SFTPWrapper } from 'ssh2'
import type { Entry } from './files.js'
import type { SimulatedMachine } from './machine.js'

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp

interface OpenFile {
  readonly path: string
  /** Names still to be listed, of a directory. */
  names?: string[]
}

/** The file protocol on a simulated machine's files: what the library asks for. */
export function serveSftp({ files }: SimulatedMachine, sftp: SFTPWrapper): void {
  const opened = new Map<number, OpenFile>()
  let last = 0
  const open = (request: number, file: OpenFile) => {
    opened.set(++last, file)
    const handle = Buffer.alloc(4)
    handle.writeUInt32BE(last)
    sftp.handle(request, handle)
  }
  const at = (handle: Buffer) => opened.get(handle.readUInt32BE(0)) ?? { path: '' }
  const answer = (request: number, entry: Entry | undefined) =>
    entry ? sftp.attrs(request, attributes(entry)) : sftp.status(request, STATUS_CODE.NO_SUCH_FILE)
  const done = (request: number) => sftp.status(request, STATUS_CODE.OK)

  sftp.on('REALPATH', (request, path) => {
    const filename = path.startsWith('/') ? path : `/root${path === '.' ? '' : `/${path}`}`
    sftp.name(request, [{ filename, longname: filename, attrs: attributes(directory) }])
  })
  for (const question of ['STAT', 'LSTAT'] as const)
    sftp.on(question as 'STAT', (request, path) => answer(request, files.get(path)))
  sftp.on('FSTAT', (request, handle) => answer(request, files.get(at(handle).path)))
  sftp.on('OPEN', (request, path, flags) => {
    if (flags & OPEN_MODE.WRITE) files.write(path, flags & OPEN_MODE.APPEND ? (files.read(path) ?? '') : '')
    if (files.read(path) === undefined) sftp.status(request, STATUS_CODE.NO_SUCH_FILE)
    else open(request, { path })
  })
  sftp.on('READ', (request, handle, offset, length) => {
    const piece = (files.read(at(handle).path) ?? '').slice(offset, offset + length)
    if (piece === '') sftp.status(request, STATUS_CODE.EOF)
    else sftp.data(request, Buffer.from(piece, 'latin1'))
  })
  sftp.on('WRITE', (request, handle, offset, data) => {
    const { path } = at(handle)
    const before = files.read(path) ?? ''
    files.write(path, before.slice(0, offset) + data.toString('latin1') + before.slice(offset + data.length))
    done(request)
  })
  sftp.on('CLOSE', (request, handle) => {
    opened.delete(handle.readUInt32BE(0))
    done(request)
  })
  sftp.on('OPENDIR', (request, path) => {
    if (files.get(path)?.kind === 'directory') open(request, { path, names: files.names(path) })
    else sftp.status(request, STATUS_CODE.NO_SUCH_FILE)
  })
  sftp.on('READDIR', (request, handle) => {
    const { path, names = [] } = at(handle)
    const [...now] = names.splice(0)
    if (now.length === 0) return sftp.status(request, STATUS_CODE.EOF)
    const entry = (name: string) => attributes(files.get(`${path}/${name}`) ?? directory)
    sftp.name(
      request,
      now.map((filename) => ({ filename, longname: filename, attrs: entry(filename) })),
    )
  })
  sftp.on('MKDIR', (request, path) => {
    files.directory(path)
    done(request)
  })
  for (const act of ['REMOVE', 'RMDIR'] as const) {
    sftp.on(act as 'REMOVE', (request, path) => {
      files.remove(path)
      done(request)
    })
  }
  sftp.on('RENAME', (request, from, to) => {
    files.rename(from, to)
    done(request)
  })
  sftp.on('SETSTAT', (request, path, { mode }) => {
    const entry = files.get(path)
    if (entry) files.put(path, { ...entry, mode: mode === undefined ? entry.mode : mode & 0o7777 })
    done(request)
  })
}

const directory: Entry = { kind: 'directory', content: '', mode: 0o755, owner: 'root:root' }
const types = { file: 0o100000, directory: 0o040000, link: 0o120000 }

const attributes = ({ kind, content, mode }: Entry) => ({
  mode: types[kind] | mode,
  uid: 0,
  gid: 0,
  size: content.length,
  atime: 0,
  mtime: 0,
})

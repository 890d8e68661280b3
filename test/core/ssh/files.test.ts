import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SshClient } from '../../../src/core/ssh/client.js'
import { clientOf } from '../../support/ssh-client.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

describe.skipIf(!haveSshd())('files on a node', () => {
  let sshd: RunningSshd
  let ssh: SshClient
  let dir: string
  beforeAll(async () => {
    sshd = await startSshd()
    ssh = clientOf(sshd)
  })
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "starcluster-files it's-"))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  afterAll(async () => {
    ssh?.close()
    await sshd?.[Symbol.asyncDispose]()
  })

  test('what is written is read, whatever it is called and contains', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ minLength: 1, maxLength: 40 })
          .filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..'),
        fc.string({ unit: 'grapheme', maxLength: 2000 }),
        async (name, text) => {
          const path = join(dir, name)
          await ssh.writeFile(path, text)
          expect(await ssh.readFile(path)).toBe(text)
          await ssh.unlink(path)
        },
      ),
      { numRuns: 15 },
    )
    expect(await readdir(dir)).toEqual([])
  })

  test('writing keeps mode and link of what is there, and leaves no draft', async () => {
    const path = join(dir, 'f')
    await ssh.writeFile(path, 'one')
    expect((await stat(path)).mode & 0o7777).toBe(0o644)
    await ssh.writeFile(path, 'two', { mode: 0o600, owner: '12:34' })
    expect(await stat(path)).toMatchObject({ uid: 12, gid: 34 })
    await symlink('f', join(dir, 'link'))
    await ssh.writeFile(join(dir, 'link'), 'three')
    expect(await readFile(path, 'utf8')).toBe('three')
    const after = await stat(path)
    expect([after.mode & 0o7777, after.uid, after.gid]).toEqual([0o600, 12, 34])
    expect((await readdir(dir)).sort()).toEqual(['f', 'link'])
  })

  test('failures name node and path', async () => {
    await expect(ssh.readFile(join(dir, 'none'))).rejects.toMatchObject({ code: 'RemoteFileError', status: 2 })
    await expect(ssh.writeFile(join(dir, 'none', 'x'), '')).rejects.toThrow(`node001: ${dir}/none/x: `)
    await expect(ssh.writeFile(dir, '')).rejects.toThrow('is a directory')
    await expect(ssh.stat(join(dir, 'none'))).rejects.toThrow(`node001: ${dir}/none: no such file or directory`)
    await expect(ssh.mkdir(dir)).rejects.toThrow('exists already')
    expect(await readdir(dir)).toEqual([])
  })

  test('asking what is there', async () => {
    await writeFile(join(dir, 'file'), 'x')
    await symlink('nowhere', join(dir, 'dangling'))
    await ssh.mkdir(join(dir, 'sub'), 0o751)
    expect((await stat(join(dir, 'sub'))).mode & 0o7777).toBe(0o751)
    await ssh.mkdir(join(dir, 'sub'), 0o755, true)
    await ssh.makedirs(join(dir, 'a', 'b', 'c'))
    await ssh.makedirs(join(dir, 'a', 'b', 'c'))
    expect(await ssh.isdir(join(dir, 'a', 'b', 'c'))).toBe(true)
    expect(await ssh.isfile(join(dir, 'file'))).toBe(true)
    expect(await ssh.isfile(dir)).toBe(false)
    expect(await ssh.isdir(join(dir, 'none'))).toBe(false)
    expect(await ssh.pathExists(join(dir, 'dangling'))).toBe(false)
    expect(await ssh.lpathExists(join(dir, 'dangling'))).toBe(true)
    expect((await ssh.lstat(join(dir, 'dangling'))).isSymbolicLink()).toBe(true)
    expect(await ssh.ls(dir)).toEqual(['a', 'dangling', 'file', 'sub'].map((name) => join(dir, name)))
    expect(await ssh.ls(join(dir, 'file'))).toEqual([join(dir, 'file')])
    await expect(ssh.makedirs(join(dir, 'file', 'x'))).rejects.toMatchObject({ code: 'RemoteFileError' })
    await ssh.chmod(0o400, join(dir, 'file'))
    await ssh.chown(7, 8, join(dir, 'file'))
    const { mode, uid, gid } = await ssh.stat(join(dir, 'file'))
    expect([mode & 0o777, uid, gid]).toEqual([0o400, 7, 8])
  })

  test('patterns are expanded as a shell does, everything else is plain', async () => {
    for (const name of ['a1', 'a2', 'b1', "it's *", '-x', '$(id)', 'new\nline', '[z]'])
      await writeFile(join(dir, name), '')
    const found = async (pattern: string) =>
      (await ssh.glob(join(dir, pattern))).map((path) => path.slice(dir.length + 1))
    expect(await found('a*')).toEqual(['a1', 'a2'])
    expect(await found('[a-b]1')).toEqual(['a1', 'b1'])
    expect(await found('[!a]1')).toEqual(['b1'])
    expect(await found('?1')).toEqual(['a1', 'b1'])
    expect(await found("it's*")).toEqual(["it's *"])
    expect(await found('\\[z\\]')).toEqual(['[z]'])
    expect(await found('new\n*')).toEqual(['new\nline'])
    expect(await found('$(id)')).toEqual(['$(id)'])
    expect(await found('none*')).toEqual([])
    expect(await ssh.glob('/etc/{passwd,hosts}')).toEqual([])
  })

  test('lines are found and removed', async () => {
    const path = join(dir, 'hosts')
    await writeFile(path, '127.0.0.1 localhost\n10.0.0.1 node001\n10.0.0.2 node002\nlast', { mode: 0o640 })
    expect(await ssh.getRemoteFileLines(path)).toHaveLength(4)
    expect(await ssh.getRemoteFileLines(path, /node\d+$/g)).toEqual(['10.0.0.1 node001', '10.0.0.2 node002'])
    expect(await ssh.getRemoteFileLines(path, 'node', false)).toEqual(['127.0.0.1 localhost', 'last'])
    await ssh.removeLinesFromFile(path, /node001$/)
    expect(await readFile(path, 'utf8')).toBe('127.0.0.1 localhost\n10.0.0.2 node002\nlast')
    const before = (await stat(path)).ino
    await ssh.removeLinesFromFile(path, 'no such')
    expect((await stat(path)).ino).toBe(before)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
  })

  test('an open file: calls keep their order without await, failures come out of close', async () => {
    const path = join(dir, 'open')
    const file = await ssh.remoteFile(path)
    void file.write('one\n')
    void file.write('two\n')
    void file.writelines(['three\n', 'four'])
    void file.chmod(0o600)
    void file.chown(5, 6)
    await file.close()
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\nthree\nfour')
    expect(await stat(path)).toMatchObject({ uid: 5, gid: 6 })
    {
      await using more = await ssh.remoteFile(path, 'a')
      await more.write('\nfive')
    }
    const reading = await ssh.remoteFile(path, 'r')
    expect(await reading.read(4)).toBe('one\n')
    expect(await reading.readlines()).toEqual(['two\n', 'three\n', 'four\n', 'five'])
    expect((await reading.stat()).size).toBe(23)
    void reading.write('no')
    await expect(reading.close()).rejects.toMatchObject({ code: 'RemoteFileError' })
    await expect(reading.read()).rejects.toThrow('closed')
    await expect(ssh.remoteFile(join(dir, 'none', 'x'))).rejects.toThrow('no such file')
  })

  test('an open file takes megabytes in one call', async () => {
    const text = 'x'.repeat(3_000_000)
    const file = await ssh.remoteFile(join(dir, 'big'))
    await file.write(text)
    await file.close()
    const reading = await ssh.remoteFile(join(dir, 'big'), 'r')
    expect((await reading.read()) === text).toBe(true)
    await reading.close()
  })

  test('programs and environment', async () => {
    expect(await ssh.which('sh')).toMatch(/\/sh$/)
    expect(await ssh.which('no-such-program')).toBeUndefined()
    expect(await ssh.hasRequired(['sh', 'cat'])).toBe(true)
    await ssh.checkRequired(['sh'])
    await expect(ssh.checkRequired(['sh', 'nope-1', 'nope 2'])).rejects.toMatchObject({
      code: 'RemoteCommandNotFound',
      message: 'node001: command not found: nope-1, nope 2',
      programs: ['nope-1', 'nope 2'],
    })
    expect((await ssh.getEnv()).HOME).toBe((await ssh.execute('echo $HOME')).stdout.trim())
    expect(await ssh.getPath()).toContain('/usr/bin')
  })
})

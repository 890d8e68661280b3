import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SshClient } from '../../../src/core/ssh/client.js'
import { localGlob } from '../../../src/core/ssh/local-glob.js'
import { type CommandObserver, observeCommands } from '../../../src/core/ssh/observe.js'
import { hasGlob } from '../../../src/core/ssh/remote-glob.js'
import type { TransferOptions, TransferProgress } from '../../../src/core/ssh/transfer.js'
import { clientOf } from '../../support/ssh-client.js'
import { haveSshd, type RunningSshd, startSshd } from '../../support/sshd.js'

describe.skipIf(!haveSshd())('copying', () => {
  let sshd: RunningSshd
  let ssh: SshClient
  let here: string
  let there: string
  beforeAll(async () => {
    sshd = await startSshd()
    ssh = clientOf(sshd)
  })
  beforeEach(async () => {
    here = await mkdtemp(join(tmpdir(), "starcluster-here '-"))
    there = await mkdtemp(join(tmpdir(), 'starcluster-there -'))
  })
  afterEach(async () => {
    await rm(here, { recursive: true, force: true })
    await rm(there, { recursive: true, force: true })
  })
  afterAll(async () => {
    ssh?.close()
    await sshd?.[Symbol.asyncDispose]()
  })

  test('files of every size go there and back unchanged, with their modes', async () => {
    for (const size of [0, 1, 128 * 1024, 128 * 1024 + 1, 3_000_000]) {
      const content = randomBytes(size)
      await writeFile(join(here, 'f'), content)
      await chmod(join(here, 'f'), 0o751)
      await ssh.put(join(here, 'f'), join(there, 'copy'))
      expect((await stat(join(there, 'copy'))).mode & 0o777).toBe(0o751)
      await ssh.get(join(there, 'copy'), join(here, 'back'))
      expect(content.equals(await readFile(join(here, 'back')))).toBe(true)
      expect((await stat(join(here, 'back'))).mode & 0o777).toBe(0o751)
    }
    expect((await readdir(here)).sort()).toEqual(['back', 'f'])
    expect(await readdir(there)).toEqual(['copy'])
  })

  test('directories with all they contain, into a directory or under a new name', async () => {
    await mkdir(join(here, 'tree', 'a b', 'deep'), { recursive: true })
    await mkdir(join(here, 'tree', 'empty'))
    for (let index = 0; index < 12; index++) await writeFile(join(here, 'tree', 'a b', `f${index}`), `${index}`)
    await writeFile(join(here, 'tree', 'a b', 'deep', '-odd\nname'), 'odd')
    await symlink('..', join(here, 'tree', 'a b', 'up'))
    await symlink('f1', join(here, 'tree', 'a b', 'link'))
    await ssh.put(join(here, 'tree'), there)
    await ssh.put(join(here, 'tree'), join(there, 'new'))
    const listing = (top: string) => execFileSync('find', ['.', '-print0'], { cwd: top }).toString().split('\0').sort()
    const expected = listing(join(here, 'tree')).filter((name) => name !== './a b/up')
    expect(listing(join(there, 'tree'))).toEqual(expected)
    expect(listing(join(there, 'new'))).toEqual(expected)
    expect(await readFile(join(there, 'new', 'a b', 'link'), 'utf8')).toBe('1')
    await symlink('.', join(there, 'new', 'self'))
    await ssh.get([join(there, 'n*'), join(there, 'tree')], here)
    expect(listing(join(here, 'new'))).toEqual(expected)
  })

  test('replacing keeps owner and link; others see the old or the new content only', async () => {
    await writeFile(join(there, 'target'), 'old')
    await ssh.chown(12, 34, join(there, 'target'))
    await symlink('target', join(there, 'link'))
    await writeFile(join(here, 'f'), 'new')
    await ssh.put(join(here, 'f'), join(there, 'target'))
    expect(await stat(join(there, 'target'))).toMatchObject({ uid: 12, gid: 34 })
    await writeFile(join(here, 'f'), 'newer')
    await ssh.put(join(here, 'f'), join(there, 'link'))
    expect(await readFile(join(there, 'target'), 'utf8')).toBe('newer')
    expect((await readdir(there)).sort()).toEqual(['link', 'target'])
  })

  test('what cannot be copied is said, and nothing half-written stays', async () => {
    await writeFile(join(here, 'f'), 'x')
    const failing = [
      () => ssh.put(join(here, 'none'), there),
      () => ssh.put(join(here, 'f'), join(there, 'none', 'f')),
      () => ssh.put([join(here, 'f'), join(here, 'f')], join(there, 'no-directory')),
      () => ssh.get(join(there, 'none'), here),
      () => ssh.get(join(there, 'none*'), here),
      () => ssh.get('/etc/hostname', join(here, 'none', 'f')),
    ]
    for (const failure of failing)
      await expect(failure()).rejects.toMatchObject({
        code: 'SCPException',
        message: expect.stringContaining('node001'),
      })
    expect(await readdir(there)).toEqual([])
    expect(await readdir(here)).toEqual(['f'])
  })

  test('an abort in the middle leaves neither the file nor a draft', async () => {
    await writeFile(join(here, 'big'), Buffer.alloc(40_000_000))
    await writeFile(join(there, 'target'), 'old')
    const controller = new AbortController()
    const putting = ssh.put(join(here, 'big'), join(there, 'target'), { signal: controller.signal })
    putting.catch(() => undefined)
    // as soon as its draft can be seen
    while ((await readdir(there)).length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort(new Error('Ctrl-C'))
    await expect(putting).rejects.toThrow('Ctrl-C')
    expect(await readdir(there)).toEqual(['target'])
    expect(await readFile(join(there, 'target'), 'utf8')).toBe('old')
    await expect(ssh.get(join(there, 'target'), here, { signal: controller.signal })).rejects.toThrow('Ctrl-C')
    expect(await readdir(here)).toEqual(['big'])
  })

  test('a connection that ends in the middle leaves no draft', async () => {
    await writeFile(join(here, 'big'), Buffer.alloc(40_000_000))
    const other = clientOf(sshd)
    const putting = other.put(join(here, 'big'), join(there, 'target'), { onProgress: () => other.close() })
    await expect(putting).rejects.toThrow(/^node001: /) // of the connection or of the copy, whichever is noticed first
    await expect.poll(() => readdir(there), { timeout: 20_000 }).toEqual([])
    other.close()
  })

  test('progress is told file by file', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(here, name), name.repeat(10))
    const seen: number[] = []
    await ssh.put(
      ['a', 'b', 'c'].map((name) => join(here, name)),
      there,
      { onProgress: ({ bytesDone, bytesTotal, filesTotal }) => seen.push(bytesDone, bytesTotal, filesTotal) },
    )
    expect(seen).toEqual([10, 30, 3, 20, 30, 3, 30, 30, 3])
  })

  test('progress of a large file is told as it goes, and comes out at its size', async () => {
    await writeFile(join(here, 'big'), randomBytes(5_000_000))
    for (const copy of [
      (options: TransferOptions) => ssh.put(join(here, 'big'), there, options),
      (options: TransferOptions) => ssh.get(join(there, 'big'), join(here, 'back'), options),
    ]) {
      const seen: TransferProgress[] = []
      await copy({ onProgress: (progress) => seen.push(progress) })
      expect(seen.length).toBeGreaterThan(2)
      expect(seen.slice(0, -1).every(({ filesDone, bytesTotal }) => filesDone === 0 && bytesTotal === 5_000_000)).toBe(
        true,
      )
      expect(seen.map(({ bytesDone }) => bytesDone)).toEqual(
        seen.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b),
      )
      expect(seen.at(-1)).toMatchObject({ filesDone: 1, filesTotal: 1, bytesDone: 5_000_000 })
    }
  })

  test('whoever follows commands is told of transfers and how far they are', async () => {
    await writeFile(join(here, 'f'), 'x'.repeat(10))
    const told: unknown[] = []
    const observer: CommandObserver = {
      begin: (command) => {
        told.push(command)
        return { progress: ({ bytesDone }) => told.push(bytesDone), end: (ended) => told.push(ended) }
      },
    }
    await observeCommands(observer, () => ssh.put(join(here, 'f'), there))
    await expect(observeCommands(observer, () => ssh.get(join(there, 'none'), here))).rejects.toThrow('no such file')
    expect(told).toEqual([
      { node: 'node001', command: `put ${join(here, 'f')} to ${there}`, showOutput: false, mayFail: false },
      10,
      { failed: false },
      { node: 'node001', command: `get ${join(there, 'none')} to ${here}`, showOutput: false, mayFail: false },
      undefined,
    ])
  })

  test('patterns name local files as the shell of a node does', async () => {
    const names = ['a', 'ab', 'b', 'B', '.hidden', 'a b', '[x]', 'a*b', '-n', 'd/a', 'd/c.txt', 'e/c.txt', 'a]']
    for (const name of names) {
      await mkdir(dirname(join(here, name)), { recursive: true })
      await writeFile(join(here, name), name)
    }
    const sign = fc.constantFrom('*', '?', '[ab]', '[!a]', '[a-d]', '[]x]', '[', '\\*', '\\.', ...'abx.t ]-')
    const part = fc.array(sign, { minLength: 1, maxLength: 4 }).map((signs) => signs.join(''))
    const pattern = fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('/'))
    const plainDots = /(^|\/)(\\?\.)+(\/|$)/
    const some = pattern.filter((text) => hasGlob(text) && !names.includes(text) && !plainDots.test(text))
    await fc.assert(
      fc.asyncProperty(some, async (text) => {
        const shells = await ssh.glob(join(here, text))
        expect(await localGlob(join(here, text))).toEqual(shells.filter((path) => !/\/\.\.?(\/|$)/.test(path)).sort())
      }),
      { numRuns: 60 },
    )
    await ssh.put([join(here, 'a*'), join(here, 'd')], there)
    expect((await readdir(there)).sort()).toEqual(['a', 'a b', 'a*b', 'a]', 'ab', 'd'])
    await expect(ssh.put(join(here, 'none*'), there)).rejects.toThrow(/^node001: nothing here matches .*none\*/)
  })

  test('files of /proc, which say they are empty', async () => {
    await ssh.get('/proc/version', here)
    expect(await readFile(join(here, 'version'), 'utf8')).toContain('Linux')
  })
})

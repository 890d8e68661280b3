import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SshClient } from '../../../src/core/ssh/client.js'
import { localGlob } from '../../../src/core/ssh/local-glob.js'
import { type CommandObserver, observeCommands } from '../../../src/core/ssh/observe.js'
import { hasGlob } from '../../../src/core/ssh/remote-glob.js'
import { SMALL_FILE, type TransferOptions, type TransferProgress } from '../../../src/core/ssh/transfer.js'
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

  const about = async (path: string) => {
    const { mode, mtimeMs } = await stat(path)
    return { mode: mode & 0o777, mtime: Math.floor(mtimeMs / 1000) }
  }

  test('files of every size go there and back unchanged, with their modes and times', async () => {
    for (const size of [0, 1, 128 * 1024, 128 * 1024 + 1, 3_000_000]) {
      const content = randomBytes(size)
      await writeFile(join(here, 'f'), content)
      await chmod(join(here, 'f'), 0o751)
      await utimes(join(here, 'f'), 1_600_000_000, 1_600_000_000)
      await ssh.put(join(here, 'f'), join(there, 'copy'))
      expect(await about(join(there, 'copy'))).toEqual({ mode: 0o751, mtime: 1_600_000_000 })
      await ssh.get(join(there, 'copy'), join(here, 'back'))
      expect(content.equals(await readFile(join(here, 'back')))).toBe(true)
      expect(await about(join(here, 'back'))).toEqual({ mode: 0o751, mtime: 1_600_000_000 })
    }
    expect((await readdir(here)).sort()).toEqual(['back', 'f'])
    expect(await readdir(there)).toEqual(['copy'])
  })

  test('directories with all they contain, into a directory or under a new name; links in them stay links', async () => {
    await mkdir(join(here, 'tree', 'a b', 'deep'), { recursive: true })
    await mkdir(join(here, 'tree', 'empty'))
    for (let index = 0; index < 40; index++) await writeFile(join(here, 'tree', 'a b', `f${index}`), `${index}`)
    await writeFile(join(here, 'tree', 'a b', 'deep', '-odd\nname'), 'odd')
    for (const [to, name] of [
      ['..', 'up'],
      ['f1', 'link'],
      ['/nowhere', 'dangling'],
    ] as const)
      await symlink(to, join(here, 'tree', 'a b', name))
    await chmod(join(here, 'tree', 'empty'), 0o500)
    await utimes(join(here, 'tree', 'a b'), 1_600_000_000, 1_600_000_000)
    const listing = (top: string) =>
      execFileSync('find', ['.', '-printf', '%p %y %m %T@ %l\\0'], { cwd: top })
        .toString()
        .replace(/(?<=\d)\.\d+ /g, ' ')
        .split('\0')
        .sort()
    const expected = listing(join(here, 'tree'))
    const untimed = (lines: string[]) => lines.filter((line) => / [df] /.test(line))
    await ssh.put(join(here, 'tree'), there)
    await ssh.put(join(here, 'tree'), join(there, 'new'))
    await ssh.get([join(there, 'n*'), join(there, 'tree')], join(here))
    for (const copy of [join(there, 'tree'), join(there, 'new'), join(here, 'new')]) {
      // sftp has no way to give a link a time
      expect(untimed(listing(copy))).toEqual(untimed(expected))
      expect(await readlink(join(copy, 'a b', 'dangling'))).toBe('/nowhere')
      expect(await readFile(join(copy, 'a b', 'link'), 'utf8')).toBe('1')
    }
    await writeFile(join(here, 'tree', 'a b', 'f1'), 'new')
    await ssh.put(join(here, 'tree'), there) // over what is there
    expect(await readFile(join(there, 'tree', 'a b', 'link'), 'utf8')).toBe('new')
  })

  test('a link that stands here for a directory of the node is not followed', async () => {
    await mkdir(join(here, 'elsewhere'))
    await mkdir(join(here, 'tree'))
    await symlink(join(here, 'elsewhere'), join(here, 'tree', 'sub'))
    await mkdir(join(there, 'tree', 'sub'), { recursive: true })
    await writeFile(join(there, 'tree', 'sub', 'f'), 'x')
    await expect(ssh.get(join(there, 'tree'), here)).rejects.toThrow(/sub is a link here and a directory there/)
    expect(await readdir(join(here, 'elsewhere'))).toEqual([])
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
    await writeFile(join(here, 'large'), 'x'.repeat(SMALL_FILE + 1))
    const failing = [
      () => ssh.put(join(here, 'none'), there),
      () => ssh.put('/dev/null', there),
      () => ssh.put(join(here, 'f'), join(there, 'none', 'f')),
      () => ssh.put(join(here, 'large'), join(there, 'none', 'f')),
      () => ssh.put([join(here, 'f'), join(here, 'f')], join(there, 'no-directory')),
      () => ssh.get(join(there, 'none'), here),
      () => ssh.get(join(there, 'none*'), here),
      () => ssh.get('/etc/hostname', join(here, 'none', 'f')),
    ]
    for (const failure of failing)
      await expect(failure()).rejects.toMatchObject({
        code: 'SCPException',
        message: expect.stringMatching(/^node001: (?!.*\.part-)/),
      })
    expect(await readdir(there)).toEqual([])
    expect(await readdir(here)).toEqual(['f', 'large'])
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

  describe('large files can go on where an earlier copy ended', () => {
    const size = 24_000_000
    let content: Buffer
    beforeEach(async () => {
      content = randomBytes(size)
      await writeFile(join(here, 'big'), content)
    })
    /** Ends a copy when half of it is there. */
    const half = (copy: (options: TransferOptions) => Promise<void>, parts: string[]) => {
      const controller = new AbortController()
      return copy({
        resume: true,
        signal: controller.signal,
        onProgress: ({ bytesDone }) => bytesDone > size / 2 && controller.abort(new Error('Ctrl-C')),
        onPartLeft: (file) => parts.push(file),
      })
    }
    const put = (options: TransferOptions) => ssh.put(join(here, 'big'), join(there, 'target'), options)
    const get = (options: TransferOptions) => ssh.get(join(there, 'target'), join(here, 'back'), options)
    const resumed = async (copy: (options: TransferOptions) => Promise<void>) => {
      let last: TransferProgress | undefined
      await copy({ resume: true, onProgress: (progress) => (last = progress) })
      expect(last).toMatchObject({ bytesDone: size, bytesTotal: size })
      return last!.bytesResumed
    }

    test.each(['put', 'get'] as const)('%s', async (way) => {
      if (way === 'get') await put({})
      const [copy, folder, copied, original] =
        way === 'put' ? [put, there, 'target', 'big'] : ([get, here, 'back', 'big'] as const)
      const parts: string[] = []
      await expect(half(copy, parts)).rejects.toThrow('Ctrl-C')
      expect(parts).toEqual([join(way === 'put' ? here : there, way === 'put' ? 'big' : 'target')])
      const left = async () => (await readdir(folder)).filter((name) => name.includes('.part-'))
      expect(await readdir(folder)).not.toContain(copied)
      await expect.poll(async () => (await left()).length).toBe(1)
      expect(await resumed(copy)).toBeGreaterThan(1_000_000)
      expect((await readFile(join(folder, copied))).equals(content)).toBe(true)
      expect(await about(join(folder, copied))).toEqual(await about(join(here, original)))
      expect(await left()).toEqual([])

      // what is left of another file of that name is no beginning of this one
      await expect(half(copy, [])).rejects.toThrow('Ctrl-C')
      const [part = ''] = await left()
      await writeFile(join(folder, part), randomBytes(size / 2))
      expect(await resumed(copy)).toBe(0)
      expect((await readFile(join(folder, copied))).equals(content)).toBe(true)
      expect(await left()).toEqual([])
    })

    test('two copies to the same place at once: one is told to wait, or comes second; the file is whole', async () => {
      const results = await Promise.allSettled([put({ resume: true }), put({ resume: true })])
      expect(results.map(({ status }) => status)).toContain('fulfilled')
      for (const result of results) if (result.status === 'rejected') expect(String(result.reason)).toMatch(/under way/)
      expect((await readFile(join(there, 'target'))).equals(content)).toBe(true)
      await expect.poll(() => readdir(there)).toEqual(['target'])
      const gets = await Promise.allSettled([get({ resume: true }), get({ resume: true })])
      expect(gets.map(({ status }) => status)).toContain('fulfilled')
      expect((await readFile(join(here, 'back'))).equals(content)).toBe(true)
      expect((await readdir(here)).sort()).toEqual(['back', 'big'])
    })

    test("a part that is somebody else's trap is not written through", async () => {
      await expect(half(put, [])).rejects.toThrow('Ctrl-C')
      const [part = ''] = (await readdir(there)).filter((name) => name.includes('.part-'))
      await rm(join(there, part))
      await writeFile(join(there, 'precious'), 'old')
      await symlink('precious', join(there, part))
      await put({ resume: true })
      expect(await readFile(join(there, 'precious'), 'utf8')).toBe('old')
      expect((await readFile(join(there, 'target'))).equals(content)).toBe(true)

      await expect(half(get, [])).rejects.toThrow('Ctrl-C')
      const [mine = ''] = (await readdir(here)).filter((name) => name.includes('.part-'))
      await rm(join(here, mine))
      await symlink('big', join(here, mine))
      await expect(get({ resume: true })).rejects.toThrow(/is no file, and in the way/)
    })
  })

  test('a full disk there is said, and nothing is left', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', there])
    try {
      await writeFile(join(here, 'big'), randomBytes(8_000_000))
      await writeFile(join(here, 'small'), randomBytes(100_000))
      for (const resume of [false, true])
        await expect(ssh.put(join(here, 'big'), there, { resume })).rejects.toThrow(/^node001: the disk is full: .*big/)
      execFileSync('fallocate', ['-l', '6M', join(there, 'filler')])
      await expect(ssh.put(join(here, 'small'), there)).rejects.toThrow(/^node001: the disk is full: .*small/)
      expect(await readdir(there)).toEqual(['filler'])
    } finally {
      execFileSync('umount', [there])
    }
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

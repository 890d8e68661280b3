import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ImageStore } from '../../../src/localcloud/nodes/images.js'
import { refreshListsNow } from '../../../src/localcloud/nodes/package-lists.js'
import { canRunNodes, Machines, SLOW } from './machines.js'
import { SmallDisk } from './small-disk.js'

vi.setConfig({ testTimeout: SLOW })

describe.skipIf(!canRunNodes)('a disk root that fills, is spoiled, and a supervisor that is killed', () => {
  let disk: SmallDisk
  let machines: Machines
  let base = ''
  const layers = () => join(disk.path, 'images', 'layers')
  const works = () =>
    readdirSync(join(disk.path, 'images')).filter((name) => /^(capture|import|build|lists|guest)-/.test(name))

  beforeAll(async () => {
    disk = new SmallDisk(1200)
    base = await disk.copyBase()
    machines = new Machines(undefined, disk.path)
    await machines.open()
    await machines.engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(async () => {
    await machines.dispose()
    disk.dispose()
  }, SLOW)

  test(
    'a full disk: a start and an image are refused with the reason, nothing is left, and all works when there is room',
    async () => {
      const { engine } = machines
      await machines.out(2, 'head -c 60000000 /dev/urandom > /opt/data; sync')
      disk.fill(20)
      await expect(engine.boot(machines.spec(3))).rejects.toMatchObject({
        code: 'NoSpace',
        message: expect.stringMatching(
          /^\d+ MiB are free below .*too little to start a machine \(32 MiB\); free some space$/,
        ),
      })
      expect((await engine.list()).has('i-3')).toBe(false)
      await expect(engine.disks.capture('i-2', 'ami-1')).rejects.toThrow(/No space left on device/)
      expect(await engine.disks.layers()).toEqual([])
      expect(works()).toEqual([])
      expect(await engine.troubles?.()).toEqual([expect.stringMatching(/^only \d+ MiB are free below/)])
      expect(await machines.out(2, 'echo here')).toBe('here')
      disk.free()
      expect(await engine.troubles?.()).toEqual([])
      expect(await engine.boot(machines.spec(3))).toEqual({ firstBoot: true })
      expect(await engine.disks.layers()).toEqual([])
      await engine.remove('i-3')
      await engine.disks.removeLayer(await engine.disks.capture('i-2', 'ami-1'))
    },
    SLOW,
  )

  test(
    'the computer`s disk fills under a machine that writes: what was synced stays, a restart mends it',
    async () => {
      const { engine } = machines
      await machines.out(2, 'echo precious > /opt/precious; sync')
      disk.fill(0)
      const wrote = await machines.run(2, 'head -c 30000000 /dev/urandom > /opt/more && sync /opt/more')
      disk.free()
      await engine.stop('i-2', { timeoutMs: 20_000 })
      await machines.until('the disk is let go and started again', async () => {
        await engine.boot(machines.spec(2))
        return (await machines.run(2, 'echo w > /opt/w && sync')).exitCode === 0
      })
      expect(await machines.out(2, 'cat /opt/precious')).toBe('precious')
      expect(wrote.exitCode).not.toBe(0)
    },
    SLOW,
  )

  test(
    'an image layer deleted by hand: machines say so and start again with their data when it is back',
    async () => {
      const { engine } = machines
      await machines.out(2, 'echo kept > /opt/kept; sync')
      rmSync(join(layers(), base), { recursive: true })
      expect(await new ImageStore(disk.path).base()).toBe(undefined)
      const gone = expect.stringMatching(
        new RegExp(`the image layer ${base} is gone from .*"starcluster local image build" makes it again`),
      )
      expect(await engine.troubles?.()).toEqual([gone])
      await expect(engine.boot(machines.spec(3))).rejects.toMatchObject({ code: 'LayerMissing', message: gone })
      expect((await engine.list()).has('i-3')).toBe(false)
      await engine.stop('i-2')
      await expect(engine.boot(machines.spec(2))).rejects.toMatchObject({ code: 'LayerMissing', message: gone })
      await disk.copyBase()
      expect(await engine.boot(machines.spec(2))).toEqual({ firstBoot: false })
      expect(await machines.out(2, 'cat /opt/kept; ls /usr/bin | wc -l')).toMatch(/^kept\n\d{3,}$/)
      // Our own programs and package lists are put back without asking.
      await engine.stop('i-2')
      for (const name of readdirSync(layers()))
        if (/^(guest|lists)-/.test(name)) rmSync(join(layers(), name), { recursive: true })
      await engine.boot(machines.spec(2))
      expect(await machines.out(2, 'cat /opt/kept; systemctl is-active cron')).toBe('kept\nactive')
    },
    SLOW,
  )

  test('a spoiled description counts as no image', async () => {
    const file = join(disk.path, 'images', `${base}.json`)
    const text = readFileSync(file, 'utf8')
    for (const spoiled of ['', text.slice(0, 20), '[]', '{}']) {
      writeFileSync(file, spoiled)
      expect(await new ImageStore(disk.path).list(), spoiled).toEqual([])
    }
    rmSync(file)
    expect(await new ImageStore(disk.path).base()).toBe(undefined)
    writeFileSync(file, text)
    expect((await new ImageStore(disk.path).base())?.id).toBe(base)
  })

  test('an import into a full disk leaves nothing and says why', async () => {
    const tar = join(machines.dir, 'big.tar')
    execFileSync('sh', [
      '-c',
      'cd "$1"; mkdir -p big/etc big/usr; head -c 40000000 /dev/zero > big/usr/x; tar -C big -cf big.tar .',
      'sh',
      machines.dir,
    ])
    disk.fill(8)
    try {
      await expect(machines.engine.disks.importTar(tar, 'ami-1')).rejects.toMatchObject({
        code: 'ImportFailed',
        message: expect.stringMatching(/no space left on the disk/),
        hint: expect.stringMatching(/STARCLUSTER_DISK_ROOT/),
      })
      expect(works()).toEqual([])
    } finally {
      disk.free()
    }
  })

  test(
    'a supervisor killed while a machine boots: the boot fails, the next one works',
    async () => {
      const { engine } = machines
      const booting = engine.boot(machines.spec(4))
      booting.catch(() => undefined)
      await machines.until('the boot is under way', () =>
        existsSync(join(disk.path, 'homes', machines.home, 'nodes/i-4')),
      )
      process.kill(supervisorPid(machines.home), 'SIGKILL')
      const outcome = await booting.catch((error: Error) => error)
      expect(outcome instanceof Error ? outcome.message : 'it was up already').toMatch(
        /i-4 did not start|supervisor|already/,
      )
      await machines.until('the next boot works', async () => {
        await engine.boot(machines.spec(4)).catch(() => undefined)
        return (await machines.run(4, 'true')).exitCode === 0
      })
      await engine.boot(machines.spec(2))
      expect(await machines.out(2, 'cat /opt/kept')).toBe('kept')
    },
    SLOW,
  )

  test(
    'package lists on demand are a new layer for new machines; a refresh without a way out is an error and changes nothing',
    async () => {
      const before = readdirSync(layers())
      const made = await refreshListsNow(join(disk.path, 'images'), base)
      expect(readdirSync(join(layers(), made, 'var/lib/apt/lists')).length).toBeGreaterThan(0)
      await machines.engine.boot(machines.spec(5))
      const line = readFileSync(join(disk.path, 'homes', machines.home, 'nodes/i-5/layers'), 'utf8')
      expect(line).toContain(`,${made},${base}`)
      disk.fill(1)
      try {
        await expect(refreshListsNow(join(disk.path, 'images'), base)).rejects.toThrow(
          /too little for package lists \(200 MiB\); free some space/,
        )
      } finally {
        disk.free()
      }
      expect(readdirSync(layers()).sort()).toEqual([...before, made].sort())
      expect(works()).toEqual([])
    },
    SLOW,
  )
})

test.skipIf(!canRunNodes)(
  'an image is not built on a disk that is too small or fills meanwhile: one message, nothing left',
  async () => {
    const disk = new SmallDisk(900)
    const store = new ImageStore(disk.path)
    const left = () => [
      readdirSync(join(disk.path, 'images')).filter((name) => name !== 'build.lock'),
      readdirSync(join(disk.path, 'images/layers')),
    ]
    try {
      let filled = false
      const building = store.ensureBase((line) => {
        if (filled || !/extracting|installing/.test(line)) return
        filled = true
        disk.fill(4)
      })
      await expect(building).rejects.toMatchObject({
        code: 'ImageBuildFailed',
        message: expect.stringMatching(/No space left on device/i),
        hint: expect.stringMatching(/disk is not full/),
      })
      expect(left()).toEqual([['layers'], []])
      await expect(store.ensureBase()).rejects.toMatchObject({
        code: 'NoSpace',
        message: expect.stringMatching(/too little to build an image \(800 MiB\); free some space/),
      })
      expect(left()).toEqual([['layers'], []])
    } finally {
      disk.dispose()
    }
  },
  SLOW,
)

function supervisorPid(home: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.find((pid) => {
    try {
      return new RegExp(`^starcluster-supervisor .*${home}`).test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    } catch {
      return false // it ended while we looked
    }
  })
  if (!found) throw new Error('no supervisor')
  return Number(found)
}

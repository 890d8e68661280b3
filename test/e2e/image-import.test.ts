import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { ImageStore } from '../../src/localcloud/nodes/images.js'
import { asNodeRootIn } from '../../src/localcloud/nodes/own-root.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const DISK_ROOT = '/var/lib/starcluster/0'

vi.setConfig({ testTimeout: 300_000 })

describe.skipIf(!canRunNodes)('a root file system tar becomes an image', () => {
  let home: TempHome
  let tar = ''
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const images = join(DISK_ROOT, 'images')
  const leftOvers = () => readdirSync(images).filter((name) => name.startsWith('import-'))

  beforeAll(async () => {
    home = await tempHome()
    const base = join(images, 'layers', (await new ImageStore(DISK_ROOT).ensureBase()).id)
    tar = join(home.path, 'rootfs.tar')
    const out = openSync(tar, 'w')
    const [command, args] = asNodeRootIn(base, 'tar', ['--numeric-owner', '--xattrs', '-cf', '-', '.'])
    execFileSync(command, args, { stdio: ['ignore', out, 'inherit'] })
    closeSync(out)
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('Ctrl-C and a killed command leave nothing of an import', async () => {
    await ok('local', 'image', 'list')
    const before = readdirSync(join(images, 'layers'))
    const interrupted = await runCli(['local', 'image', 'import', tar], { env: home.env, interruptAt: /unpacking/ })
    expect(interrupted.status).toBe(130)
    expect(interrupted.output).not.toMatch(/^\s+at /m)
    const killed = spawn(process.execPath, [program, 'local', 'image', 'import', tar], {
      env: home.env,
      stdio: 'ignore',
    })
    const unpacking = () => leftOvers().some((name) => existsSync(join(images, name, 'root/usr')))
    await waitFor('the import to be under way', async () => unpacking(), { timeoutMs: 60_000, intervalMs: 5 })
    killed.kill('SIGKILL')
    await waitFor('the import to be given up', async () => leftOvers().length === 0, { timeoutMs: 60_000 })
    expect(
      readdirSync(join(images, 'layers')).filter((name) => !before.includes(name) && name.startsWith('image-')),
    ).toEqual([])
    expect((await ok('local', 'image', 'list')).stdout).not.toContain('rootfs')
  })

  test('a cluster starts from it by name; removed, it goes with its last machine', async () => {
    const { stdout } = await ok('local', 'image', 'import', tar, '--name', 'lab')
    const ImageId = /Imported (ami-\w+) {2}lab/.exec(stdout)?.[1] ?? ''
    expect((await ok('local', 'image', 'list')).stdout).toMatch(
      new RegExp(`${ImageId}.*lab {2,}.*, imported from rootfs.tar`),
    )
    const again = await sc('local', 'image', 'import', tar, '--name', 'lab')
    expect(again.status).toBe(1)
    expect(again.output).toMatch(/AMI name lab is already in use by AMI ami-\w+[\s\S]*--name/)
    await ok('start', 'imported', '-s', '2', '-n', 'lab')
    await ok('sshmaster', 'imported', 'echo shared > /home/shared')
    const worker = await ok('sshnode', 'imported', 'node001', 'cat /home/shared; hostname; systemctl is-active cron')
    expect(worker.stdout.trim()).toBe('shared\nnode001\nactive')
    await ok('local', 'image', 'remove', ImageId)
    await ok('restart', 'imported')
    await ok('terminate', '--confirm', 'imported')
    const gone = () => !readdirSync(join(images, 'layers')).some((name) => name.endsWith(ImageId))
    await waitFor('the layer to go', async () => gone(), { timeoutMs: 60_000 })
  })

  test('what cannot be imported is said in one message', async () => {
    const missing = await sc('local', 'image', 'import', 'nosuch.tar')
    expect(missing.status).toBe(1)
    expect(missing.output).toMatch(/nosuch\.tar cannot be imported: there is no such file/)
    expect(missing.output).not.toMatch(/^\s+at |looks like a bug/m)
  })
})

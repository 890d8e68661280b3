import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { blockDeviceScript, parseBlockDevices } from '../../../src/core/node/block-devices.js'

/** What a kernel tells of a machine with two disks, one with partitions. Local machines have none with partitions. */
const files = {
  'proc/partitions': `major minor  #blocks  name

 259        0    8388608 nvme0n1
 259        1    8256512 nvme0n1p1
 259        2     130031 nvme0n1p15
 202       80    1048576 xvdf
   7        0      65536 loop0
`,
  'sys/devices/a/nvme0n1/nvme0n1p1/partition': '1\n',
  'sys/devices/a/nvme0n1/nvme0n1p1/start': '262144\n',
  'sys/devices/a/nvme0n1/nvme0n1p15/partition': '15\n',
  'sys/devices/a/nvme0n1/nvme0n1p15/start': '2048\n',
  'sys/devices/b/xvdf/size': '2097152\n',
}

test('disks and partitions are told apart, with sizes and places', () => {
  const root = mkdtempSync(join(tmpdir(), 'sc-devices-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  mkdirSync(join(root, 'sys/class/block'), { recursive: true })
  for (const device of ['a/nvme0n1', 'a/nvme0n1/nvme0n1p1', 'a/nvme0n1/nvme0n1p15', 'b/xvdf'])
    symlinkSync(join(root, 'sys/devices', device), join(root, 'sys/class/block', device.split('/').at(-1)!))
  const said = execFileSync('/bin/sh', ['-s'], { input: blockDeviceScript(root), encoding: 'utf8' })
  expect(parseBlockDevices(said)).toEqual({
    disks: new Map([
      ['/dev/nvme0n1', 8_388_608],
      ['/dev/xvdf', 1_048_576],
    ]),
    partitions: new Map([
      ['/dev/nvme0n1p1', { disk: '/dev/nvme0n1', start: 262_144, end: 16_775_167, blocks: 8_256_512, id: '' }],
      ['/dev/nvme0n1p15', { disk: '/dev/nvme0n1', start: 2048, end: 262_109, blocks: 130_031, id: '' }],
    ]),
  })
})

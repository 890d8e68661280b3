import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lifetimeProgram } from '../../../src/core/node/scripts/lifetime-program.js'

// The program that ends a node, in a real sh, on a machine whose clocks are files: asleep, it makes time pass.

let root: string
const at = (path: string) => join(root, path)
const write = (path: string, text: string | number) => writeFileSync(at(path), `${text}\n`)
const read = (path: string) => readFileSync(at(path), 'utf8').trim()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sc-ttl-'))
  for (const folder of ['bin', 'proc/1', 'proc/sys/kernel/random', 'etc/ssh', 'etc/cron.d', 'run', 'var/lib']) {
    mkdirSync(at(folder), { recursive: true })
  }
  const inRoot = (text: string) =>
    text
      .replace('PATH=', `PATH=${at('bin')}:`)
      .replace(/(?<=[ =<])\/(?=proc|etc|run|var)/g, `${root}/`)
      .replace('self=/usr/local/sbin/starcluster-ttl', `self=${at('program')}`)
  program('program', inRoot(lifetimeProgram))
  program('bin/date', `#!/bin/sh\ncat ${at('clock')}\n`)
  program('bin/who', '#!/bin/sh\necho somebody\n')
  program('bin/wall', `#!/bin/sh\necho "$(cut -d' ' -f1 ${at('proc/uptime')}) $1" >> ${at('told')}\n`)
  program('bin/poweroff', `#!/bin/sh\ncp ${at('proc/uptime')} ${at('off')}\nrm ${at('var/lib/starcluster-ttl/end')}\n`)
  program('bin/setsid', `#!/bin/sh\necho "$@" >> ${at('begun')}\n`)
  program('bin/sleep', `#!/bin/sh\nread up rest < ${at('proc/uptime')}\necho $((up + $1)) 0 > ${at('proc/uptime')}\n`)
  write('etc/ssh/ssh_host_ed25519_key.pub', 'one key')
  write('told', '')
  boots(1, 1000)
  write('clock', 5_000_000)
})
afterEach(() => rmSync(root, { recursive: true }))

function program(path: string, text: string): void {
  writeFileSync(at(path), text, { mode: 0o755 })
}

/** It has just come up, with this much on the clock that never goes back. */
function boots(which: number, uptime: number): void {
  write('proc/sys/kernel/random/boot_id', 'the host')
  write('proc/1/stat', `1 (init) S${' 0'.repeat(18)} ${which}`)
  write('proc/uptime', `${uptime} 0`)
}

const run = (...words: string[]) =>
  execFileSync('sh', [at('program'), ...words], { encoding: 'utf8', stdio: 'pipe' }).trim()
const left = () => Number(run('left'))

test('everybody is warned 30, 10, 5 minutes and one before, then the machine shuts down, in time', async () => {
  run('arm', '2400', 'stop', 'mycluster')
  // It begins behind the program that was asked.
  await expect.poll(() => existsSync(at('begun')) && read('begun')).toBe(`${at('program')} watch`)
  expect(read('etc/cron.d/starcluster-ttl')).toContain(`* * * * * root ${at('program')} watch`)
  run('watch')
  expect(read('off')).toBe('3400 0')
  const told = read('told').split('\n')
  expect(told.map((line) => /^(\d+) .*(stops in (\d+) minutes?|shuts down now)/.exec(line)?.slice(1, 4))).toEqual([
    ['1600', 'stops in 30 minutes', '30'],
    ['2800', 'stops in 10 minutes', '10'],
    ['3100', 'stops in 5 minutes', '5'],
    ['3340', 'stops in 1 minute', '1'],
    ['3400', 'shuts down now', undefined],
  ])
  expect(told[0]).toContain('cluster mycluster')
})

test('warnings that no longer apply are left out, and a new end is told anew', () => {
  run('arm', '480', 'terminate', 'c')
  run('watch')
  expect(read('told').match(/in \d+ minutes?/g)).toEqual(['in 8 minutes', 'in 5 minutes', 'in 1 minute'])
  expect(read('told')).toContain('ends for good, with its disk, in 8 minutes')
})

test('a clock that is put right, by hours, ends nothing early', () => {
  run('arm', '28800', 'stop', 'c')
  write('clock', 5_000_000 + 9 * 3600)
  expect(left()).toBe(28_800)
  write('clock', 3)
  expect(left()).toBe(28_800)
})

test('after a reboot the rest is left, less the time it took where the clock is plausible', () => {
  run('arm', '28800', 'stop', 'c')
  write('clock', 5_000_000 + 90)
  boots(2, 5)
  expect(left()).toBe(28_710)
  write('proc/uptime', '105 0')
  expect(left()).toBe(28_610)
  write('clock', 5_000_000 + 40 * 3600) // stopped for long, or wrong
  boots(3, 10)
  expect(left()).toBe(28_710)
})

test('a machine that boots when its time is over, or nearly, has half an hour to be told another end; ten minutes after a reboot', () => {
  run('arm', '300', 'stop', 'c')
  write('clock', 5_000_000 + 3600)
  boots(2, 5)
  expect(left()).toBe(1800)
  run('arm', '300', 'stop', 'c')
  boots(3, 5)
  expect(left()).toBe(600)
  run('arm', '90', 'stop', 'c')
  expect(left()).toBe(90)
})

test('off: nothing is left, and nothing begins again', () => {
  run('arm', '300', 'stop', 'c')
  run('off')
  expect(() => run('left')).toThrow()
  expect(existsSync(at('etc/cron.d/starcluster-ttl'))).toBe(false)
  run('watch')
  expect(existsSync(at('off'))).toBe(false)
})

test('a machine made from an image of another one does not end with that one', () => {
  run('arm', '300', 'stop', 'c')
  write('etc/ssh/ssh_host_ed25519_key.pub', 'another key')
  run('watch')
  expect(existsSync(at('off'))).toBe(false)
  expect(existsSync(at('var/lib/starcluster-ttl/end'))).toBe(false)
  expect(existsSync(at('etc/cron.d/starcluster-ttl'))).toBe(false)
})

import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClusterChanges } from '../../../src/core/changes/cluster-changes.js'
import { isUnchanged, type NodeChanges, parseChanges } from '../../../src/core/changes/node-changes.js'
import { compareCommand, rememberCommand } from '../../../src/core/changes/script.js'

/** Columns of a file: path, type, size, mode, user, group, time, link target. */
const file = (path: string, changes: Partial<Record<'type' | 'size' | 'mode' | 'time' | 'link', string>> = {}) =>
  [
    path,
    changes.type ?? 'f',
    changes.size ?? '10',
    changes.mode ?? '644',
    'root',
    'root',
    changes.time ?? '1',
    changes.link ?? '',
  ].join('\t')
const digest = (letter: string, path: string) => `${letter.repeat(40)}  ${path}`
const output = (...items: string[]) => items.map((item) => `${item}\0`).join('')

test('a file with other content, one written again with the same, one with another mode', () => {
  const changes = parseChanges(
    output(
      '== files',
      `-${file('/etc/a')}`,
      `+${file('/etc/a', { time: '2' })}`,
      `-${file('/etc/same')}`,
      `+${file('/etc/same', { time: '2' })}`,
      `-${file('/etc/mode')}`,
      `+${file('/etc/mode', { mode: '600' })}`,
      `-${file('/usr/bin/tool')}`,
      `+${file('/usr/bin/tool', { time: '2' })}`,
      '== contents',
      `-${digest('a', '/etc/a')}`,
      `+${digest('b', '/etc/a')}`,
    ),
  )
  expect(changes.files).toEqual([
    { kind: 'changed', name: '/etc/a', detail: 'content' },
    { kind: 'changed', name: '/etc/mode', detail: 'mode 644 -> 600' },
    // Outside the trees whose content is compared, a new time is all there is to see.
    { kind: 'changed', name: '/usr/bin/tool', detail: 'content' },
  ])
})

test('packages with their files and services, users, ports; logs are only counted; new directories are folded', () => {
  const changes = parseChanges(
    output(
      '== packages',
      '-libc\t1\tinstalled',
      '+libc\t2\tinstalled',
      '+nginx\t1.22\tinstalled',
      '== users',
      '+www\t33\t33\t/var/www\t/bin/sh',
      '== ports',
      '+tcp\t0.0.0.0:80',
      '== owned',
      '+/usr/sbin/nginx',
      '+/lib/systemd/system/nginx.service',
      '== files',
      `+${file('/etc/passwd')}`,
      `+${file('/etc/rc2.d/S01nginx', { type: 'l', link: '../init.d/nginx' })}`,
      `+${file('/opt/site', { type: 'd' })}`,
      `+${file('/opt/site/a')}`,
      `+${file('/opt/site/sub', { type: 'd' })}`,
      `+${file('/opt/site/sub/b')}`,
      `+${file('/usr/lib/systemd/system/nginx.service')}`,
      `+${file('/usr/sbin/nginx')}`,
      `+${file('/var/log/nginx/access.log')}`,
    ),
  )
  expect(changes.packages.map(({ kind, name, detail }) => `${kind} ${name} ${detail}`)).toEqual([
    'changed libc 1 -> 2',
    'added nginx 1.22',
  ])
  expect(changes.services).toEqual([{ kind: 'added', name: 'nginx', detail: 'enabled' }])
  expect(changes.files).toEqual([{ kind: 'added', name: '/opt/site/', detail: '2 files' }])
  expect(changes).toMatchObject({ packageFiles: 2, housekeepingFiles: 3 })
  const text = new ClusterChanges(
    new Map([
      ['node001', changes],
      ['node002', changes],
    ]),
  ).toString()
  expect(text).toMatch(/^node\[001-002\]\n {2}packages {2}~ libc {2}\(1 -> 2\)\n/)
  expect(text).toMatch(/not listed: 2 files of these packages, 3 logs and caches$/)
})

test('logs alone are no change', () => {
  const changes = parseChanges(output('== files', `+${file('/var/log/x')}`, `+${file('/root/.bash_history')}`))
  expect(isUnchanged(changes)).toBe(true)
})

test('whatever names files have, what was added comes back once or inside a folded directory', () => {
  const path = fc
    .array(
      fc.string({ minLength: 1, maxLength: 6 }).filter((name) => !/[\0/\t]/.test(name)),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) => `/srv/${parts.join('/')}`)
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 8 }), (paths) => {
      const { files }: NodeChanges = parseChanges(output('== files', ...paths.map((one) => `+${file(one)}`)))
      const shown = paths.filter((one) => !/__pycache__|\.(bash_history|lesshst|viminfo|cache)(\/|$)/.test(one))
      expect(files.map(({ name }) => name).sort()).toEqual([...shown].sort())
    }),
  )
})

test('the scripts are valid shell', () => {
  for (const { text } of [rememberCommand('abc'), compareCommand('abc'), compareCommand('abc', { keep: true })]) {
    execFileSync('sh', ['-n'], { input: text })
  }
})

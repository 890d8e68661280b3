import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readImageLogin } from '../../../src/localcloud/nodes/image-login.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sc-image-login-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const write = (path: string, text: string) => {
  const at = join(dir, path)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, text)
}
const login = () => readImageLogin([join(dir, 'upper'), join(dir, 'lower')])

test('an image without cloud-init lets root in', async () => {
  expect(await login()).toEqual({ disableRoot: false, userDataCounts: true })
})

test('an image of a cloud names its user and refuses root, which is what cloud-init does untold', async () => {
  write(
    'lower/etc/cloud/cloud.cfg',
    'users: [default]\nsystem_info:\n  default_user:\n    name: ubuntu\n    sudo: ["ALL=(ALL) NOPASSWD:ALL"]\n',
  )
  expect(await login()).toEqual({
    user: { name: 'ubuntu', shell: '/bin/bash', sudo: ['ALL=(ALL) NOPASSWD:ALL'] },
    disableRoot: true,
    userDataCounts: true,
  })
})

test('later files add to it, the upper layer hides the lower, and what cannot be read counts for nothing', async () => {
  write('lower/etc/cloud/cloud.cfg', 'system_info: {default_user: {name: low, shell: /bin/zsh}}\n')
  write('upper/etc/cloud/cloud.cfg', 'system_info: {default_user: {name: up}}\ndisable_root: 1\n')
  write('lower/etc/cloud/cloud.cfg.d/90-b.cfg', 'disable_root: no\nallow_userdata: off\n')
  write('lower/etc/cloud/cloud.cfg.d/91-c.cfg', '{ not: [yaml')
  write('lower/etc/cloud/cloud.cfg.d/README', 'disable_root: true\n')
  expect(await login()).toEqual({
    user: { name: 'up', shell: '/bin/bash', sudo: [] },
    disableRoot: false,
    userDataCounts: false,
  })
})

test('a link leads nowhere out of the image', async () => {
  write('outside', 'disable_root: true\n')
  mkdirSync(join(dir, 'upper/etc/cloud'), { recursive: true })
  symlinkSync(join(dir, 'outside'), join(dir, 'upper/etc/cloud/cloud.cfg'))
  expect(await login()).toEqual({ disableRoot: false, userDataCounts: true })
})

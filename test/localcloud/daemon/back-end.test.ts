import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseBackEnd } from '../../../src/localcloud/daemon/back-end.js'
import { diagnose } from '../../../src/localcloud/doctor.js'
import { newContainerHome } from '../../../src/localcloud/nodes/container/container-home.js'
import { diskPaths } from '../../../src/localcloud/nodes/disk-paths.js'
import { localPaths } from '../../../src/localcloud/paths.js'

let home: string
let env: NodeJS.ProcessEnv
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sc-back-end-'))
  mkdirSync(join(home, 'bin'))
  env = { HOME: home, PATH: `${home}/bin:${process.env.PATH}`, STARCLUSTER_DISK_ROOT: join(home, 'disks') }
  // What this computer has of its own must not matter.
  program('unshare', 'exit 0')
  for (const name of ['docker', 'podman']) program(name, 'echo "cannot connect to the engine" >&2; exit 1')
})
afterEach(() => rmSync(home, { recursive: true }))

/** Stands before the computer's own programs: kernels that refuse namespaces, and engines, differ from host to host. */
function program(name: string, script: string): void {
  writeFileSync(join(home, 'bin', name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(home, 'bin', name), 0o755)
}
const refuse = () => program('unshare', 'echo "unshare: unshare failed: Operation not permitted" >&2; exit 1')
const answer = (name: string, info: string) =>
  program(name, `case "$1" in version) echo 1.2.3 ;; info) echo "${info}" ;; *) exit 9 ;; esac`)
const choose = (changes: NodeJS.ProcessEnv = {}) => chooseBackEnd({ ...env, ...changes }, localPaths(env))
const asRoot = process.getuid?.() === 0

test.runIf(asRoot)('namespaces where they are allowed, whatever engine answers', async () => {
  answer('docker', '[name=seccomp]')
  expect((await choose()).kind).toBe('namespaces')
})

test('where they are refused, the engine that answers and has the rights', async () => {
  refuse()
  answer('docker', '[name=seccomp]')
  expect(await choose()).toEqual({
    kind: 'docker',
    why: 'this computer refuses namespaces: unshare: unshare failed: Operation not permitted',
  })
  answer('docker', '[name=seccomp name=rootless]')
  answer('podman', 'false')
  expect((await choose()).kind).toBe('podman')
})

test('where nothing works: what each lacks; the doctor says it too and is not ready', async () => {
  refuse()
  answer('podman', 'true')
  const message = expect.stringMatching(/namespaces: .*not permitted; docker: .*cannot connect.*; podman: .*rootless/)
  await expect(choose()).rejects.toMatchObject({ code: 'NoBackEnd', message })
  const machines = (await diagnose({ env })).find(({ name }) => name === 'machines')
  expect(machines).toMatchObject({ ok: false, required: true, detail: message })
})

test('the doctor checks an engine instead of namespaces where that is what machines are made with', async () => {
  refuse()
  answer('docker', '[name=seccomp]')
  const checks = await diagnose({ env })
  expect(checks.map(({ name }) => name)).not.toContain('user namespaces')
  expect(checks.find(({ name }) => name === 'docker engine')).toMatchObject({
    ok: true,
    detail: 'answers, version 1.2.3',
  })
})

test('a word in the environment decides; one that is none is refused', async () => {
  answer('podman', 'false')
  expect((await choose({ STARCLUSTER_LOCAL_ENGINE: 'podman' })).kind).toBe('podman')
  await expect(choose({ STARCLUSTER_LOCAL_ENGINE: 'lxc' })).rejects.toMatchObject({ code: 'BadBackEnd' })
})

test('machines that are there decide for the next ones, and are never lost sight of', async () => {
  const { dir } = localPaths(env)
  mkdirSync(join(diskPaths(join(home, 'disks'), dir).nodes, 'i-1'), { recursive: true })
  refuse()
  answer('docker', '[]')
  expect((await choose()).kind).toBe('namespaces')
  await expect(choose({ STARCLUSTER_LOCAL_ENGINE: 'docker' })).rejects.toMatchObject({ code: 'OtherBackEnd' })
  await newContainerHome(dir, 'podman')
  expect((await choose()).kind).toBe('podman')
})

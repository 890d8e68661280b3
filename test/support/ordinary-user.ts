import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cgroupPlaces, controllersOf } from '../../src/localcloud/nodes/cgroup-places.js'
import { removeGroups } from '../../src/localcloud/nodes/own-cgroup.js'
import { type CliOptions, program, runCli } from './cli.js'

const checkout = dirname(dirname(dirname(program)))

/** Root makes a user, who must be able to read the program, to run Node, and to make a user namespace. */
export const canMakeUser =
  process.getuid?.() === 0 &&
  existsSync('/dev/net/tun') &&
  (statSync(checkout).mode & 0o005) === 0o005 &&
  runsAsNobody('unshare', '-Ur', process.execPath, '--version')

if (!canMakeUser)
  console.warn(
    'SKIPPED: tests with an ordinary user of their own need root, /dev/net/tun, user namespaces for everyone, and a checkout and a Node that everyone can read',
  )

function runsAsNobody(...command: string[]): boolean {
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  return spawnSync('setpriv', [...nobody, ...command], { cwd: '/' }).status === 0
}

/** Titles of tests by how they ended. */
export interface VitestReport {
  readonly status: number | null
  readonly output: string
  readonly passed: readonly string[]
  readonly skipped: readonly string[]
}

/** An account with a HOME that nobody else can enter and subordinate ids, removed with the test. */
export class OrdinaryUser {
  readonly name = `sc${randomBytes(4).toString('hex')}`
  readonly home = `/home/${this.name}`
  readonly uid: number
  readonly groups: string[] = []
  /** Where he finds our checkout. */
  readonly checkout = join(this.home, 'checkout')

  constructor() {
    execFileSync('useradd', ['-m', '-d', this.home, '-s', '/bin/bash', this.name])
    if (!this.subordinate()) {
      execFileSync('usermod', ['--add-subuids', '700000-765535', '--add-subgids', '700000-765535', this.name])
    }
    this.uid = Number(execFileSync('id', ['-u', this.name], { encoding: 'utf8' }))
    execFileSync('chmod', ['700', this.home])
    mkdirSync(this.checkout)
  }

  /** Groups of processes that are his to divide, as systemd gives them; none where root itself has none. */
  async giveGroups(): Promise<void> {
    const { v1, v2 } = await cgroupPlaces()
    const places = v1.size > 0 ? [...v1.values()] : v2 ? [v2] : []
    if (v1.size === 0 && v2)
      for (const name of await controllersOf(v2)) writeFileSync(join(v2, 'cgroup.subtree_control'), `+${name}`)
    for (const group of places.map((place) => join(place, this.name))) {
      mkdirSync(group)
      for (const file of ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control', 'tasks']) {
        if (existsSync(join(group, file))) chownSync(join(group, file), this.uid, this.uid)
      }
      this.groups.push(group)
    }
  }

  /**
   * What `runCli` needs to run the program as this user. The device is his own view, nobody else's changes.
   * @param options.view shell commands that root gives in a mount namespace of this run's own before
   */
  cli(options: { tun: boolean; view?: string }): Pick<CliOptions, 'env' | 'cwd' | 'through' | 'program'> {
    const user = ['setpriv', '--reuid', this.name, '--regid', this.name, '--init-groups']
    return {
      env: { PATH: process.env.PATH, HOME: this.home, USER: this.name, LANG: 'C.UTF-8' },
      cwd: '/',
      through: [
        'sh',
        '-ec',
        JOIN,
        this.groups.join(' '),
        'unshare',
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-ec',
        view(options.view ?? ''),
        options.tun ? 'tun' : 'none',
      ]
        .concat([checkout, this.checkout])
        .concat(user),
      program: join(this.checkout, 'dist/cli/main.js'),
    }
  }

  /** Runs test files as this user. -> vitest's report */
  async vitest(files: readonly string[], timeoutMs: number): Promise<VitestReport> {
    const report = join(this.home, 'report.json')
    const vitest = join(this.checkout, 'node_modules/vitest/vitest.mjs')
    // Neither a bundled config nor results are written into the checkout, which is not his.
    const args = ['run', '--root', this.checkout, '--configLoader', 'runner', '--no-cache']
    const reporters = ['--reporter', 'default', '--reporter', 'json', '--outputFile.json', report]
    const options = { ...this.cli({ tun: true }), program: vitest, timeoutMs }
    const { status, output } = await runCli([...args, ...reporters, ...files], options)
    const text = readIfThere(report)
    if (!text) throw new Error(`vitest ended with ${status}:\n${output}`)
    const { testResults } = JSON.parse(text) as {
      testResults: { assertionResults: { title: string; status: string }[] }[]
    }
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const titles = (wanted: string) => tests.filter(({ status }) => status === wanted).map(({ title }) => title)
    return { status, output, passed: titles('passed'), skipped: titles('skipped').concat(titles('pending')) }
  }

  /** Processes that run as the user or as one of his subordinate ids. */
  processes(): string[] {
    const [first = 0, count = 0] = this.subordinate() ?? []
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return []
      const status = readIfThere(`/proc/${pid}/status`)
      const uid = Number(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? 0)
      const his = uid === this.uid || (uid >= first && uid < first + count)
      return his && !/^State:\tZ/m.test(status) ? [readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')] : []
    })
  }

  async remove(): Promise<void> {
    for (const group of this.groups) await removeGroups(group)
    execFileSync('userdel', ['-r', this.name], { stdio: 'ignore' })
  }

  private subordinate(): number[] | undefined {
    const line = readIfThere('/etc/subuid').match(new RegExp(`^${this.name}:(\\d+):(\\d+)$`, 'm'))
    return line ? [Number(line[1]), Number(line[2])] : undefined
  }
}

const JOIN = `
for group in $0; do echo $$ > $group/cgroup.procs; done
exec "$@"`

// In a mount namespace of its own: the devices as he may or may not open them, and the checkout where he can reach it.
const view = (more: string) => `
mount -t tmpfs none /mnt
if [ "$0" = tun ]; then mode=666; else mode=600; fi
mknod -m $mode /mnt/tun c 10 200
mount --bind /mnt/tun /dev/net/tun
if [ -c /dev/fuse ]; then
  mknod -m 666 /mnt/fuse c 10 229
  mount --bind /mnt/fuse /dev/fuse
fi
umount -l /mnt
mount --bind "$1" "$2"
${more}
shift 2
exec "$@"`

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // ended meanwhile
  }
}

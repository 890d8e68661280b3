import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

describe.skipIf(!canRunNodes)('commands and files on the nodes of a cluster', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env })
  const ok = async (...args: string[]) => (await cliOk(args, { env: home.env })).stdout

  beforeAll(async () => {
    home = await tempHome()
    await cliOk(['start', 't', '-s', '3'], { env: home.env, timeoutMs: 240_000 })
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  describe('exec', () => {
    test('prints equal output once, errors apart, and gives the largest exit status', async () => {
      expect(await sc('exec', 't', 'id -un; [ $(hostname) != node001 ] || { echo no >&2; exit 3; }')).toMatchObject({
        status: 3,
        stdout: 'master,node[001-002]: root\n',
        stderr: 'node001: no\nnode001: exit status 3\nmaster,node002: succeeded\n',
      })
    })

    test('only on the nodes named, as another user; to a program as JSON', async () => {
      const { nodes, ...about } = JSON.parse(
        await ok('exec', 't', '-n', 'workers', '-u', 'sgeadmin', '--json', '--', 'id', '-un'),
      )
      expect(about).toEqual({ cluster: 't', command: 'id -un' })
      expect(nodes).toEqual(
        ['node001', 'node002'].map((node) => ({
          node,
          instanceId: expect.stringMatching(/^i-/),
          exitStatus: 0,
          stdout: 'sgeadmin\n',
          stderr: '',
          duration: expect.any(Number),
          error: null,
        })),
      )
    })

    test('of a single node output comes as it is, at once, and its status is ours', async () => {
      const script = 'printf "no line end"; sleep 600'
      const interrupted = await runCli(['exec', 't', '-n', 'node[001]', '--', script], {
        env: home.env,
        interruptAt: /no line end/,
      })
      expect(interrupted).toMatchObject({ status: 130, stdout: 'no line end' })
      expect(await sc('exec', 't', '-n', 'node001', 'printf x; printf y >&2; kill -9 $$')).toMatchObject({
        status: 137,
        stdout: 'x',
      })
    })

    test('Ctrl-C and a time limit end the command on all nodes', async () => {
      const script = (seconds: number) => `[ $(hostname) = master ] && echo done || sleep ${seconds}`
      expect(await sc('exec', 't', '--timeout', '1s', script(601))).toMatchObject({
        status: 124,
        stdout: 'master: done\n',
        stderr: expect.stringContaining('node[001-002]: did not end within 1 s and was stopped'),
      })
      expect((await sc('exec', 't', 'pgrep -x sleep')).stdout).toBe('')
    })

    test('what cannot be is said, with the nearest', async () => {
      for (const [args, status, why] of [
        [['t', '-n', 'nod001', 'true'], 1, /no node nod001 \(did you mean node001\?\)/],
        [['t', '-n', 'wrkers', 'true'], 1, /did you mean workers\?/],
        [['t', '-n', 'node[001', 'true'], 1, /no list of nodes/],
        [['t', '-u', 'nobody', 'true'], 1, /^master,node\[001-002\]: ssh to nobody: the server refused the key\n$/],
        [['u', 'true'], 1, /cluster u does not exist/],
        [['t'], 2, /missing required argument 'command'/],
        [['t', '--timeout', 'soon', 'true'], 2, /"soon" is not a length of time/],
      ] as const)
        expect(await sc('exec', ...args), args.join(' ')).toMatchObject({ status, stderr: expect.stringMatching(why) })
    })
  })

  describe('put, get and cp', () => {
    test('files go to the master, or to all nodes, and back into a folder for each', async () => {
      await home.write('tree/sub/f', 'deep')
      await home.write('a.txt', 'a')
      await home.write('b.txt', 'b')
      expect(await ok('put', 't', 'tree', '/opt')).toMatch(/Copied 1 file, 4 B, in /)
      expect(await ok('cp', '-u', 'sgeadmin', 't', '*.txt', '/tmp')).toMatch(/Copied 6 files, 6 B, on 3 nodes/)
      const owners = 'cat /opt/tree/sub/f 2>/dev/null; stat -c "%U %n" /tmp/*.txt'
      expect((await sc('exec', 't', owners)).stdout).toBe(
        'master:\n  deepsgeadmin /tmp/a.txt\n  sgeadmin /tmp/b.txt\nnode[001-002]:\n  sgeadmin /tmp/a.txt\n  sgeadmin /tmp/b.txt\n',
      )
      await ok('get', 't', '/opt/tree', 'back')
      await ok('get', 't', '--nodes', 'master,node002', '/tmp/*.txt', '/etc/hostname', 'each')
      expect(await readFile(join(home.path, 'back/sub/f'), 'utf8')).toBe('deep')
      expect((await readdir(join(home.path, 'each'), { recursive: true })).sort()).toEqual(
        ['master', 'node002'].flatMap((node) => [
          node,
          ...['a.txt', 'b.txt', 'hostname'].map((file) => `${node}/${file}`),
        ]),
      )
      expect(await readFile(join(home.path, 'each/node002/hostname'), 'utf8')).toBe('node002\n')
    })

    test('a large one shows a bar; Ctrl-C takes it away and says what is kept; the same command goes on', async () => {
      const big = await home.write('big', '')
      await truncate(big, 4_000_000_000) // so much that it is not over before the bar is seen
      await using terminal = new Pty([process.execPath, program, 'put', 't', 'big', '/root'], {
        env: home.env,
        cwd: home.path,
      })
      await terminal.sees(/put +\d+% \[#*-+\] [\d.]+ MB of 4\.0 GB, [\d.]+ MB\/s, [\d:]+( s)? left/)
      terminal.ctrlC()
      await terminal.sees(/interrupted; what was copied of big is kept on master/)
      await terminal.sees('the same command goes on from there')
      expect(await terminal.exit()).toBe(130)
      expect(terminal.raw).toMatch(/\r\x1b\[K[^\r]*interrupted/) // the bar was wiped out before
      const there = Number(await ok('sshmaster', 't', 'stat -c %s /root/.big.part-*'))
      await truncate(big, there + 5_000_000)
      expect(await ok('put', 't', 'big', '/root')).toContain('were there already')
      expect(await ok('sshmaster', 't', 'stat -c %s /root/big; ls -A /root | grep -c part || true')).toBe(
        `${there + 5_000_000}\n0\n`,
      )
    })

    test('what cannot be is said', async () => {
      await home.write('c.txt', 'c')
      for (const [args, status, why] of [
        [['put', 't', 'c.txt'], 2, /missing required argument 'remote'/],
        [['get', 't', '/etc/hosts'], 2, /missing required argument 'local'/],
        [['put', 't', 'none', '/root'], 1, /there is no none here/],
        [['put', 't', 'c.txt', 'a.txt', '/none'], 1, /master: \/none is no directory on the node/],
        [['put', '-u', 'sgeadmin', 't', 'c.txt', '/root/'], 1, /master: .*ermission denied/],
        [['get', 't', '/none', '.'], 1, /master: .*\/none: no such file/],
        [['get', 't', '/none*', '.'], 1, /nothing there matches \/none\*/],
        [['get', 't', '-n', 'node01', '/etc/hosts', '.'], 1, /no node node01 \(did you mean node001\?\)/],
        [
          ['cp', 't', 'c.txt', '/etc/hostname/x'],
          1,
          /3 of 3 nodes failed[\s\S]*master,node\[001-002\]: .*hostname\/x: there is no such directory/,
        ],
      ] as const)
        expect(await sc(...args), args.join(' ')).toMatchObject({ status, stderr: expect.stringMatching(why) })
    })
  })

  describe('logging in', () => {
    test('options behind -- and -o are for ssh; the command and its status come through', async () => {
      const said = await sc(
        'sshnode',
        't',
        'node001',
        '-o',
        'LogLevel=VERBOSE',
        '--',
        '-o',
        'SetEnv=LC_X=given',
        'echo $LC_X; exit 5',
      )
      expect(said).toMatchObject({ status: 5, stdout: expect.stringMatching(/^(given)?\n$/) })
      expect(said.stderr).toMatch(/Authenticated to/)
    })

    test('sshinstance: a node by id and address; an instance of no cluster with the key pair it was launched with', async () => {
      const launch = `const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'open', Description: 'ssh' })
        await ec2.authorizeSecurityGroupIngress({ GroupId, IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' })
        const { imageId: ImageId, id, ipAddress, keyName: KeyName } = await (await cm.getCluster('t')).getMaster()
        const one = { ImageId, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro', SecurityGroupIds: [GroupId] }
        const ids = (await Promise.all([ec2.runInstances({ ...one, KeyName }), ec2.runInstances(one)])).map((r) => r.Instances[0].InstanceId)
        console.log(JSON.stringify([id, ipAddress, ...ids]))`
      const [id, address, alone, keyless] = JSON.parse(await ok('shell', await home.write('launch.ts', launch)))
      expect(await ok('sshinstance', id, 'hostname')).toBe('master\n')
      expect(await ok('si', '-u', 'sgeadmin', address, 'id -un')).toBe('sgeadmin\n')
      await expect
        .poll(() => sc('sshinstance', alone, 'id -un; exit 3'), { timeout: 30_000 })
        .toMatchObject({ status: 3, stdout: 'root\n' })
      expect(await sc('sshinstance', keyless, 'true')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('without a key pair'),
      })
      expect(await sc('sshinstance', `${id.slice(0, -1)}x`, 'true')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`did you mean ${id}`),
      })
    })

    test('ssh-config: ssh, scp and rsync reach nodes by name, from a file that ssh is told to include', async () => {
      const printed = await ok('ssh-config', 't')
      const said = await ok('ssh-config', '--write')
      const file = join(home.path, '.starcluster', 'ssh_config')
      expect(said).toContain('t-master,t-node[001-002]')
      expect(said).toContain(`Include ${file}\n`)
      expect((await readFile(file, 'utf8')).trim()).toBe(printed.trim())
      const config = await home.write('config', `Include ${file}\nHost *\n  User nobody\n`)
      const run = (program: string, ...args: string[]) =>
        execFileSync(program, args, { encoding: 'utf8', cwd: home.path, stdio: ['ignore', 'pipe', 'pipe'] })
      expect(run('ssh', '-F', config, 't-node001', 'hostname; id -un')).toBe('node001\nroot\n')
      await home.write('s.txt', 'by scp')
      run('scp', '-q', '-F', config, 's.txt', 't-node002:/root/')
      expect(run('ssh', '-F', config, 't-node002', 'cat s.txt')).toBe('by scp')
      if (existsSync('/usr/bin/rsync') && (await ok('exec', 't', '-n', 'node001', 'command -v rsync || true')) !== '') {
        run('rsync', '-e', `ssh -F ${config}`, 's.txt', 't-node001:/root/')
        expect(run('ssh', '-F', config, 't-node001', 'cat s.txt')).toBe('by scp')
      } else console.warn('SKIPPED: rsync by name (rsync is not installed here, or not on the node)')
      expect(await sc('ssh-config', 'u')).toMatchObject({ status: 1, stdout: '' })
    })

    test('without a system ssh: a terminal of our own, with its size, its keys and its exit status', async () => {
      const bin = join(home.path, 'bin')
      await mkdir(bin)
      for (const tool of ['script', 'stty', 'tty']) await symlink(`/usr/bin/${tool}`, join(bin, tool))
      const env = { ...home.env, PATH: bin }
      const shell = `tty > tty; ${process.execPath} ${program} sshmaster t; status=$?; stty -a > after; exit $status`
      await using terminal = new Pty(['/bin/sh', '-c', shell], { env, cwd: home.path })
      await terminal.sees('root@master')
      terminal.enter('stty size')
      await terminal.sees('40 120')
      const tty = (await readFile(join(home.path, 'tty'), 'utf8')).trim()
      execFileSync('stty', ['-F', tty, 'cols', '100', 'rows', '30'])
      await expect
        .poll(async () => {
          terminal.enter('stty size')
          return (await terminal.sees(/(\d+ \d+)\n/))[1]
        })
        .toBe('30 100')
      terminal.enter('sleep 500')
      await terminal.sees('sleep 500')
      terminal.ctrlC().enter('echo still $((40 + 2))')
      await terminal.sees('still 42')
      terminal.enter('exit 7')
      expect(await terminal.exit()).toBe(7)
      expect(await readFile(join(home.path, 'after'), 'utf8')).toMatch(/ icanon .* echo /s)
      const piped = await runCli(['sshnode', 't', 'node001', '-A', 'cat; exit 6'], { env, input: 'text' })
      expect(piped).toMatchObject({ status: 6, stdout: expect.stringMatching(/-A has no effect.*\n*text$/) })
    })
  })
})

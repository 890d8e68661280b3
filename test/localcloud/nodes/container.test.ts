import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { program } from '../../support/cli.js'
import { canRunContainers, dockerSocket, usesPodman } from '../../support/container-engine.js'
import { ContainerMachines, type ContainerSetup, setUpContainers } from './container-machines.js'
import { engineContract } from './contract/contract.js'
import { SLOW } from './machines.js'

describe.skipIf(!canRunContainers)('with a container engine', () => {
  let setup: ContainerSetup

  beforeAll(async () => {
    setup = await setUpContainers()
  }, SLOW)
  afterAll(() => setup?.close(), SLOW)

  engineContract('namespaces in a container', () => new ContainerMachines(setup), { memory: true, disk: true })

  describe('the container of the machines', () => {
    let machines: ContainerMachines
    let before = ''
    const out = (number: number, command: string) => machines.out(number, command)
    const ran = async (number: number, command: string) => (await machines.run(number, command)).exitCode === 0

    /** Whose disks are in the engine's volume. */
    const homes = () => {
      const { name, env, image } = setup.engine
      const look = ['--rm', '--network', 'none', '--volume', 'starcluster:/disks', '--entrypoint', 'sh']
      return execFileSync(name, ['run', ...look, image, '-c', 'ls /disks/homes || true'], { env }).toString()
    }

    beforeAll(() => {
      machines = new ContainerMachines(setup)
      before = homes()
    })
    afterAll(() => machines.dispose(), SLOW)

    test('what can be said without one is said, and makes none', async () => {
      await machines.engine.open()
      expect(await machines.engine.list()).toEqual(new Map())
      expect(await machines.engine.disks.layers()).toEqual([])
      expect(await machines.images.list()).toEqual([])
      expect(await machines.images.base()).toBeUndefined()
      expect(await machines.engine.network?.egress()).toEqual({ wanted: true, works: true })
      await machines.engine.setNetworkPolicy({ nodes: [], groups: [] })
      await machines.engine.close()
      expect(() => machines.container).toThrow()
    })

    test(
      'its own root is not that of machines; what its kernel does, the machines tell it',
      async () => {
        await machines.open()
        const base = (await machines.images.base())!
        expect(await machines.images.list()).toContainEqual(base)
        expect(await machines.images.isComplete(base)).toBe(true)
        machines.userData.set('i-2', Buffer.from([0x23, 0x21, 0x2f, 0x62, 0x69, 0x6e, 0x2f, 0x73, 0x68, 0x0a, 0xff]))
        const everywhere = { protocol: '-1', from: -1, to: -1, peer: { cidr: '0.0.0.0/0' } }
        const nodes = [2, 3].map((number) => ({ id: `i-${number}`, privateIp: `10.78.5.${number}`, groups: ['all'] }))
        const groups = [{ id: 'all', ingress: [everywhere], egress: [everywhere] }]
        await machines.engine.setNetworkPolicy({ nodes, groups })
        await Promise.all([2, 3].map((number) => machines.engine.boot(machines.spec(number))))
        const owners = machines.inside('stat -c %u $(pgrep -x sshd | sed s,^,/proc/,)').split('\n').map(Number)
        expect(owners.length).toBeGreaterThan(0)
        for (const owner of owners) expect(owner).toBeGreaterThan(100_000)
        // Bytes come through as they are.
        expect(await out(2, 'od -An -tx1 /var/lib/cloud/instance/user-data.txt')).toMatch(/0a ff$/)
        await machines.engine.setNetworkPolicy({ nodes, groups: [{ ...groups[0]!, ingress: [] }] })
        expect(await ran(2, 'true')).toBe(false)
        await machines.engine.setNetworkPolicy({ nodes, groups })
        expect(await ran(2, 'true')).toBe(true)
      },
      SLOW,
    )

    test(
      'the program in it that is killed is started again, and nothing happens to machines',
      async () => {
        await out(2, 'touch /run/this-boot; echo kept > /root/kept')
        machines.inside('pkill -9 -f [c]ontainer-main.js')
        await machines.until('it is reached again', () => ran(2, 'ls /run/this-boot'))
        expect(machines.exits).toEqual([])
      },
      SLOW,
    )

    test(
      'its end is that of the machines: told, and they start again with their disks',
      async () => {
        const { name, env } = setup.engine
        execFileSync(name, ['kill', machines.container], { env })
        await machines.until('the ends are told', () => ['i-2', 'i-3'].every((id) => machines.exits.includes(id)))
        expect((await machines.engine.list()).get('i-2')).toBe('stopped')
        await machines.engine.boot(machines.spec(2))
        expect(await out(2, 'cat /root/kept')).toBe('kept')
      },
      SLOW,
    )

    test(
      'one that somebody removed is made anew, with the disks that were there',
      async () => {
        const { name, env } = setup.engine
        execFileSync(name, ['rm', '--force', machines.container], { env })
        await machines.until('the end is told', () => machines.exits.filter((id) => id === 'i-2').length === 2)
        await machines.engine.boot(machines.spec(2))
        expect(await out(2, 'cat /root/kept')).toBe('kept')
      },
      SLOW,
    )

    test(
      'reset leaves no container and no disk, and may be said twice',
      async () => {
        const { name, env } = setup.engine
        const all = ['ps', '--all', '--quiet', '--filter', `name=${machines.container}`]
        await machines.engine.reset()
        expect(execFileSync(name, all, { env }).toString()).toBe('')
        expect(homes()).toBe(before)
        await machines.engine.reset()
      },
      SLOW,
    )
  })

  // A container with no more rights than any: its kernel refuses namespaces to it, and it has the engine's socket.
  describe('starcluster in a container that may not make namespaces', () => {
    test.runIf(!usesPodman)(
      'finds the engine by itself: cluster, ssh, shared home, reset',
      async () => {
        const { name, env, image } = setup.engine
        const docker = execFileSync('sh', ['-c', 'command -v docker'], { env }).toString().trim()
        const root = process.cwd()
        const mounts = [
          `${dockerSocket(env)}:/var/run/docker.sock`,
          `${docker}:/usr/local/bin/docker:ro`,
          `${root}:${root}:ro`,
        ]
        const settings = ['--network', 'none', '--env', `STARCLUSTER_CONTAINER_IMAGE=${image}`]
        const script = `cd; s="node ${program}"; $s local doctor && $s start t -s 2 &&
          $s sshmaster t 'touch /home/of-master' && $s sshnode t node001 'hostname; ls /home/of-master'; $s local reset -c`
        const args = [
          'run',
          '--rm',
          ...mounts.flatMap((mount) => ['--volume', mount]),
          ...settings,
          image,
          'bash',
          '-c',
        ]
        const done = spawnSync(name, [...args, script], { env, timeout: SLOW - 60_000 })
        const said = `${done.stdout}${done.stderr}`
        expect(said).toMatch(/ok +machines: made in a container of docker: this computer refuses namespaces: /)
        expect(said).toContain('The cluster t is ready to use')
        expect(said).toContain('node001\n/home/of-master\n')
        expect(said).toContain('Removed all machines')
      },
      SLOW,
    )
  })
})

import { beforeAll, expect, test } from 'vitest'
import type { NetworkPolicy, PolicyRule } from '../../../../src/localcloud/nodes/network-policy.js'
import { type Machines, SLOW } from '../machines.js'

const MASTER = 2
const WORKER = 3
const EVERYONE = { cidr: '0.0.0.0/0' }
const tcp = (port: number, peer: PolicyRule['peer'] = EVERYONE) => ({ protocol: 'tcp', from: port, to: port, peer })

/** What nodes have in common: a directory over NFS's commands, and a network with rules. Needs 2 and 3 running. */
export function sharingContract(machines: () => Machines): void {
  const out = (...args: Parameters<Machines['out']>) => machines().out(...args)
  const run = (...args: Parameters<Machines['run']>) => machines().run(...args)
  const address = () => machines().spec(MASTER).privateIp

  beforeAll(async () => {
    for (const number of [MASTER, WORKER]) {
      await out(number, 'cat >> /etc/hosts', `${address()} master\n${machines().spec(WORKER).privateIp} node001\n`)
    }
  })

  test(
    'an exported directory is one for both, with owners, also after the server started anew',
    async () => {
      expect((await run(WORKER, 'mount -t nfs master:/home /home')).stderr).toContain('access denied by server')
      await out(
        MASTER,
        'echo "/home node001(async,no_root_squash,no_subtree_check,rw)" > /etc/exports; service nfs-kernel-server start; exportfs -fra; mkdir /home/ann && chown 1001:1001 /home/ann && echo from master > /home/ann/m',
      )
      await out(WORKER, 'echo "master:/home /home nfs vers=3,rw 0 0" >> /etc/fstab; mount -a -t nfs')
      expect(await out(WORKER, 'cat /home/ann/m; stat -c %u:%g /home/ann; echo from worker > /home/ann/w')).toBe(
        'from master\n1001:1001',
      )
      expect(await out(MASTER, 'cat /home/ann/w')).toBe('from worker')
      await machines().engine.stop(`i-${MASTER}`)
      await machines().engine.boot(machines().spec(MASTER))
      await out(MASTER, 'echo new > /home/ann/new')
      expect(await out(WORKER, 'cat /home/ann/new')).toBe('new')
      await machines().engine.stop(`i-${WORKER}`)
      await machines().engine.boot(machines().spec(WORKER))
      expect(await machines().engine.sharesMounted(`i-${WORKER}`)).toBe(true)
      expect(await out(WORKER, 'cat /home/ann/new')).toBe('new')
    },
    SLOW,
  )

  /** 2 and 3 are in one group. */
  const policy = (ingress: PolicyRule[]): NetworkPolicy => ({
    nodes: [MASTER, WORKER].map((number) => ({
      id: `i-${number}`,
      privateIp: machines().spec(number).privateIp,
      groups: ['web'],
    })),
    groups: [{ id: 'web', ingress, egress: [{ protocol: '-1', from: -1, to: -1, peer: EVERYONE }] }],
  })
  const reached = async () =>
    (await run(WORKER, `timeout 3 bash -c 'exec 3<>/dev/tcp/${address()}/8000'`)).exitCode === 0

  test(
    'a rule of the network lets in, and no longer when it goes; the host is asked the same',
    async () => {
      await out(
        MASTER,
        `perl -MIO::Socket::INET -MPOSIX -e 'exit 0 if fork; POSIX::setsid(); open STDIN, "</dev/null"; open STDOUT, ">/dev/null"; open STDERR, ">&STDOUT"; my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 9) or die; $s->accept while 1'`,
      )
      await machines().until(
        'it listens',
        async () => (await run(MASTER, 'exec 3<>/dev/tcp/127.0.0.1/8000')).exitCode === 0,
      )
      expect(await reached()).toBe(true)
      await machines().engine.setNetworkPolicy(policy([tcp(22)]))
      expect(await reached()).toBe(false)
      await machines().engine.setNetworkPolicy(policy([tcp(22), tcp(8000, { group: 'web' })]))
      expect(await reached()).toBe(true)
      await machines().engine.setNetworkPolicy(policy([]))
      expect((await run(MASTER, 'true')).exitCode).toBe(255)
      const every = { protocol: '-1', from: -1, to: -1, peer: EVERYONE }
      await machines().engine.setNetworkPolicy({
        nodes: [2, 3, 4, 12, 13, 14, 22, 23].map((number) => ({
          id: `i-${number}`,
          privateIp: machines().spec(number).privateIp,
          groups: ['open'],
        })),
        groups: [{ id: 'open', ingress: [every], egress: [every] }],
      })
      expect(await out(MASTER, 'echo reached')).toBe('reached')
    },
    SLOW,
  )
}

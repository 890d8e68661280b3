import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NetworkPolicy, PolicyRule } from '../../../src/localcloud/nodes/network-policy.js'
import { canRunNodes, Machines, SLOW } from './machines.js'

const EVERYONE = { cidr: '0.0.0.0/0' }
const ALL = { protocol: '-1', from: -1, to: -1 }
const tcp = (port: number, peer: PolicyRule['peer'] = EVERYONE) => ({ protocol: 'tcp', from: port, to: port, peer })
const udp = (port: number, peer: PolicyRule['peer']) => ({ protocol: 'udp', from: port, to: port, peer })
const ping = (peer: PolicyRule['peer']) => ({ protocol: 'icmp', from: 8, to: -1, peer })

const PERL_LOOPBACK_LISTENER = `use IO::Socket::INET; use POSIX (); exit 0 if fork; POSIX::setsid();
  open STDIN, "</dev/null"; open STDOUT, ">/dev/null"; open STDERR, ">&STDOUT";
  my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 7000, Listen => 9); sleep 1000`

/** 2 and 3 are in the group `web`, 4 in `other`; every group lets ssh in and everything out unless told otherwise. */
function policy(
  ingress: PolicyRule[],
  { egress = [{ ...ALL, peer: EVERYONE }], ssh = true }: { egress?: PolicyRule[]; ssh?: boolean } = {},
): NetworkPolicy {
  const node = (number: number, group: string) => ({
    id: `i-${number}`,
    privateIp: `10.78.5.${number}`,
    groups: [group],
  })
  return {
    nodes: [node(2, 'web'), node(3, 'web'), node(4, 'other')],
    groups: [
      { id: 'web', ingress: [...(ssh ? [tcp(22)] : []), ...ingress], egress: [{ ...ALL, peer: EVERYONE }] },
      { id: 'other', ingress: [tcp(22, { cidr: '127.0.0.0/8' })], egress },
    ],
  }
}

describe.skipIf(!canRunNodes)('the rules of the groups hold', () => {
  const machines = new Machines()
  const apply = (...args: Parameters<typeof policy>) => machines.engine.setNetworkPolicy(policy(...args))

  beforeAll(async () => {
    await machines.open()
    await apply([])
    await Promise.all([2, 3, 4].map((number) => machines.engine.boot(machines.spec(number))))
    // Answers every connection and datagram, on ports 80 and 8080.
    const serve = (port: number) => `
      use IO::Socket::INET; use POSIX (); exit 0 if fork; POSIX::setsid(); open STDIN, "</dev/null"; open STDOUT, ">/dev/null"; open STDERR, ">&STDOUT";
      if (!fork) { my $u = IO::Socket::INET->new(LocalPort => ${port}, Proto => "udp") or die; while (1) { my $from = $u->recv(my $x, 99); $u->send("pong", 0, $from) } }
      my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 9, ReuseAddr => 1) or die; while (my $c = $s->accept) { if (!fork) { while (<$c>) { print $c "pong\\n" } exit } }`
    for (const port of [80, 8080]) await machines.out(2, 'perl', serve(port))
    await machines.until('it listens', async () => {
      return (await machines.run(2, 'exec 3<>/dev/tcp/127.0.0.1/80 4<>/dev/tcp/127.0.0.1/8080')).exitCode === 0
    })
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  /** `3 tcp 80`: whether node 3 gets an answer of node 2 at that port; `3 ping`. */
  async function holds(expected: Record<string, boolean>): Promise<void> {
    const tried = Object.entries(expected).map(async ([what, expects]) => [what, await reaches(what, expects ? 60 : 2)])
    expect(Object.fromEntries(await Promise.all(tried))).toEqual(expected)
  }

  async function reaches(what: string, seconds: number): Promise<boolean> {
    const [from, how, port] = what.split(' ')
    const node = Number(from)
    if (how === 'ping') return (await machines.run(node, `ping -c 1 -W ${seconds} 10.78.5.2`)).exitCode === 0
    const socket = `IO::Socket::INET->new(PeerAddr => "10.78.5.2:${port}", Proto => "${how}")`
    const script = `use IO::Socket::INET; alarm ${seconds}; my $s = ${socket} or die; $s->send("ping\n"); $s->recv(my $x, 99); print $x`
    return (await machines.run(node, 'perl', script)).stdout === 'pong'
  }

  test(
    'between nodes: ports, groups as sources, addresses, protocols; at once when they change',
    async () => {
      await holds({ '3 tcp 80': false })
      await apply([tcp(80, { group: 'web' })])
      await holds({ '3 tcp 80': true, '3 tcp 8080': false, '4 tcp 80': false })
      await apply([tcp(80, { cidr: '10.78.5.4/32' }), { ...tcp(8000), to: 9000 }])
      await holds({ '3 tcp 80': false, '4 tcp 80': true, '3 tcp 8080': true, '3 ping': false, '3 udp 80': false })
      await apply([ping({ group: 'web' }), udp(80, { group: 'web' })])
      await holds({ '3 ping': true, '4 ping': false, '3 udp 80': true, '3 udp 8080': false, '4 udp 80': false })
      await apply([{ ...ALL, peer: { group: 'web' } }])
      await holds({ '3 ping': true, '3 tcp 80': true, '3 udp 8080': true })
      await holds({ '4 ping': false, '4 tcp 80': false, '4 udp 8080': false })
    },
    SLOW,
  )

  test(
    'the rules of the sender too; the metadata address and names are not filtered',
    async () => {
      await apply([{ ...ALL, peer: EVERYONE }])
      await holds({ '4 tcp 80': true })
      await apply([{ ...ALL, peer: EVERYONE }], { egress: [tcp(8080, { group: 'web' })] })
      await holds({ '4 tcp 80': false, '4 tcp 8080': true, '4 ping': false })
      const token =
        'curl -s -m 60 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" 169.254.169.254/latest/api/token'
      const ask = `curl -s -m 60 -H "X-aws-ec2-metadata-token: $(${token})"`
      expect(await machines.out(4, `${ask} 169.254.169.254/latest/meta-data/instance-id`)).toBe('i-4')
      expect(await machines.out(4, 'getent hosts $(hostname)')).toContain('10.78.5.4')
    },
    SLOW,
  )

  test(
    'connections that were let through go on when the rule goes',
    async () => {
      await apply([tcp(80)])
      const script =
        `use IO::Socket::INET; exit 0 if fork; open STDOUT, ">/dev/null"; open STDERR, ">&STDOUT"; open STDIN, "</dev/null"; alarm 200;
        my $s = IO::Socket::INET->new("10.78.5.2:80"); print $s "ping\n"; open F, ">/tmp/open"; print F <$s> // ""; close F;
        sleep 1 until -e "/tmp/go"; print $s "ping\n"; open F, ">/tmp/again"; print F scalar <$s>`.replace(
          'print F <$s> //',
          'print F scalar(<$s>) //',
        )
      await machines.out(3, 'perl', script)
      await machines.until('it is connected', async () => (await machines.run(3, 'grep pong /tmp/open')).exitCode === 0)
      const ssh = await sshConnection()
      await apply([], { ssh: false })
      await holds({ '3 tcp 80': false })
      expect(await ssh.alive()).toBe(true)
      ssh.close()
      await apply([])
      await machines.out(3, 'touch /tmp/go')
      await machines.until('it goes on', async () => (await machines.run(3, 'grep pong /tmp/again')).exitCode === 0)
    },
    SLOW,
  )

  test(
    'from the host only where a rule lets 127.0.0.1 in',
    async () => {
      await apply([], { ssh: false })
      expect(await hostReaches(2)).toBe(false)
      expect(await hostReaches(4)).toBe(true)
      await apply([tcp(22, { cidr: '203.0.113.0/24' })], { ssh: false })
      expect(await hostReaches(2)).toBe(false)
      await apply([{ ...ALL, peer: { cidr: '127.0.0.1/32' } }], { ssh: false })
      expect(await machines.out(2, 'echo in')).toBe('in')
      await apply([])
      expect(await machines.out(2, 'echo in')).toBe('in')
    },
    SLOW,
  )

  function hostAsks({ publicIp, publicPort }: { publicIp: string; publicPort: number }): Promise<string> {
    return new Promise((resolve) => {
      const socket = net.connect({ host: publicIp, port: publicPort }, () => socket.write('ping\n'))
      socket.once('data', (data) => {
        resolve(data.toString().trim())
        socket.destroy()
      })
      socket.once('close', () => resolve('closed'))
      socket.once('error', () => resolve('refused'))
    })
  }

  test(
    'while the engine is away and after it is back; a node that boots is held to them',
    async () => {
      await apply([tcp(80, { group: 'web' })])
      await machines.engine.close()
      machines.engine = machines.newEngine()
      await machines.engine.open()
      // Nothing was told to the new engine yet: the kernel has kept it.
      await holds({ '3 tcp 80': true, '4 tcp 80': false })
      await apply([tcp(80, { group: 'web' })], { ssh: false })
      await machines.engine.close()
      machines.engine = machines.newEngine()
      await apply([tcp(80, { group: 'web' })], { ssh: false })
      await machines.engine.open()
      expect([await hostReaches(2), await hostReaches(4)]).toEqual([false, true])
      await machines.engine.stop('i-4')
      await machines.engine.boot(machines.spec(4))
      await holds({ '4 tcp 80': false })
      expect(await hostReaches(4)).toBe(true)
    },
    SLOW,
  )

  test(
    'ports on which a node listens are reached from the host while a rule opens them',
    async () => {
      const { publicIp } = machines.spec(2)
      const at80 = { port: 80, publicIp, publicPort: 22_080 }
      const at8080 = { port: 8080, publicIp, publicPort: 8080 }
      await apply([{ ...tcp(1), to: 65_535 }])
      await machines.out(2, 'perl', PERL_LOOPBACK_LISTENER)
      await machines.until('both are open', async () => (await machines.engine.publicPorts('i-2')).length === 2)
      expect(await machines.engine.publicPorts('i-2')).toEqual([at80, at8080])
      expect([await hostAsks(at80), await hostAsks(at8080)]).toEqual(['pong', 'pong'])
      await apply([tcp(80), tcp(8080, { cidr: '10.0.0.0/8' }), tcp(9999)])
      expect(await machines.engine.publicPorts('i-2')).toEqual([at80])
      await machines.until('the other is closed', async () => (await hostAsks(at8080)) === 'refused')
      await machines.out(2, 'pkill perl')
      await machines.until('nothing is open', async () => (await machines.engine.publicPorts('i-2')).length === 0)
      await machines.until('it is closed', async () => (await hostAsks(at80)) === 'refused')
    },
    SLOW,
  )

  test(
    'a node without a public address is reached by its neighbours only, also after the engine was away',
    async () => {
      const neighbourReaches = async () =>
        (await machines.run(4, 'exec 3<>/dev/tcp/10.78.5.3/22; head -c 4 <&3')).stdout === 'SSH-'
      await apply([])
      await machines.engine.stop('i-3')
      await machines.engine.boot({ ...machines.spec(3), publicIp: '' })
      expect([await hostReaches(2), await hostReaches(3), await neighbourReaches()]).toEqual([true, false, true])
      await machines.engine.close()
      machines.engine = machines.newEngine()
      await apply([])
      await machines.engine.open()
      expect([await hostReaches(2), await hostReaches(3), await neighbourReaches()]).toEqual([true, false, true])
      const { nodes, groups } = policy([])
      const second = nodes.map((node) => (node.id === 'i-2' ? { ...node, private: true as const } : node))
      await machines.engine.setNetworkPolicy({ nodes: second, groups })
      expect([await hostReaches(2), await hostReaches(4)]).toEqual([false, true])
    },
    SLOW,
  )

  async function hostReaches(number: number): Promise<boolean> {
    const connection = await sshConnection(number).catch(() => undefined)
    connection?.close()
    return connection !== undefined
  }

  /** A connection to sshd that has greeted. */
  async function sshConnection(number = 2) {
    const socket = net.connect({ host: machines.spec(number).publicIp, port: 22022 })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).once('data', () => resolve())
      socket.once('close', () => reject(new Error('closed')))
    })
    const alive = () =>
      new Promise<boolean>((resolve) => {
        socket.once('data', () => resolve(true)).once('close', () => resolve(false))
        socket.write('SSH-2.0-test\r\n')
      })
    return { alive, close: () => socket.destroy() }
  }
})

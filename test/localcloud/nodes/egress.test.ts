import dgram from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { egressRules, hostAddresses } from '../../../src/localcloud/nodes/egress.js'
import { canRunNodes, Machines, SLOW } from './machines.js'

const A = 2
const B = 3
const PORT = 19_977

/** Sends one UDP packet, written by hand, to an address by way of a hardware address: what the kernel would refuse. */
const RAW_PACKET = String.raw`
use strict; use Socket;
my ($to, $port, $word, $via) = @ARGV;
my $bytes = sub { pack 'C6', map { hex } split /:/, $_[0] };
my $line = sub { open my $in, '<', "/sys/class/net/eth0/$_[0]" or die; my $l = <$in>; chomp $l; $l };
my ($ip) = qx(ip -4 -o addr show dev eth0) =~ /inet ([\d.]+)/;
my $udp = pack('n4', 4444, $port, 8 + length $word, 0) . $word;
my $head = pack('CCnnnCCn', 0x45, 0, 20 + length $udp, 1, 0, 64, 17, 0) . inet_aton($ip) . inet_aton($to);
my $sum = 0; $sum += $_ for unpack 'n*', $head; $sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
substr($head, 10, 2) = pack 'n', ~$sum & 0xffff;
socket(my $raw, 17, SOCK_RAW, 0) or die "socket: $!";
my $frame = $bytes->($via) . $bytes->($line->('address')) . pack('n', 0x800) . $head . $udp;
send($raw, $frame, 0, pack('SnlSCCa8', 17, 0x800, $line->('ifindex'), 0, 0, 6, $bytes->($via))) or die "send: $!";
`

test('this computer and its loopback are closed, whatever addresses it has', () => {
  const closed = /elements = \{ (.*) \} \}/.exec(egressRules(['192.0.2.7', '172.17.0.1']))?.[1]?.split(', ')
  expect(closed).toEqual(
    expect.arrayContaining(['127.0.0.0/8', '0.0.0.0/8', '169.254.0.0/16', '192.0.2.7', '172.17.0.1']),
  )
})

describe.skipIf(!canRunNodes)('the way out of nodes', () => {
  const machines = new Machines()
  const network = () => {
    const { network: found } = machines.engine
    if (!found) throw new Error('this engine has no network to switch')
    return found
  }
  const neighbour = (address: string) =>
    machines.out(A, `ping -c 1 -W 5 ${address} >/dev/null; ip neigh show ${address}`)

  beforeAll(async () => {
    await machines.open()
    await Promise.all([A, B].map((number) => machines.engine.boot(machines.spec(number))))
    await machines.out(A, 'cat > /root/raw.pl', RAW_PACKET)
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'packets that root writes by hand reach another node, but never this computer, with a way out or without',
    async () => {
      const addresses = ['127.0.0.1', machines.spec(B).publicIp, '127.77.200.9', '0.0.0.0', ...hostAddresses()]
      const heard: string[] = []
      const socket = dgram.createSocket('udp4')
      socket.on('message', (text) => heard.push(text.toString()))
      socket.bind(PORT)
      await once(socket, 'listening')
      try {
        for (const wanted of [true, false]) {
          await network().setEgress(wanted)
          const gateway = /lladdr (\S+)/.exec(await neighbour('10.78.0.2'))?.[1] ?? ''
          expect(gateway).toMatch(wanted ? /^52:55:0a:4e:00:02$/ : /^(?!52:55)/)
          for (const address of addresses)
            await machines.out(A, `perl /root/raw.pl ${address} ${PORT} ${wanted} ${gateway}`)
          // The same packet to the other node arrives: after it, the others would have.
          const listener = machines.out(B, `timeout 20 perl -MSocket -e '${LISTEN}' ${PORT}`)
          const mac = '02:77:0a:4e:05:03'
          const target = machines.spec(B).privateIp
          let arrived = ''
          listener.then((text) => (arrived = text)).catch((error: unknown) => (arrived = String(error)))
          await machines.until('the other node hears it', async () => {
            await machines.out(A, `perl /root/raw.pl ${target} ${PORT} word ${mac}`)
            return arrived !== ''
          })
          expect(arrived).toBe('word')
        }
        expect(heard).toEqual([])
      } finally {
        socket.close()
      }
    },
    SLOW,
  )

  test(
    'closed, a connection to outside fails at once and says so; open again, the gateway is there',
    async () => {
      expect(await network().setEgress(false)).toEqual({ wanted: false, works: false })
      const outside = 'timeout 20 bash -c "echo > /dev/tcp/198.51.100.1/80"'
      expect((await machines.run(A, outside)).stderr).toContain('Network is unreachable')
      expect((await machines.run(A, 'timeout 20 getent hosts example.org')).exitCode).toBe(2)
      const opened = await network().setEgress(true)
      expect(opened.wanted).toBe(true)
      if (opened.works) expect(await neighbour('10.78.0.2')).toContain('52:55:0a:4e:00:02')
    },
    SLOW,
  )

  test(
    'what was said holds for a new engine of the same home, and for nodes that boot later',
    async () => {
      await network().setEgress(false)
      await machines.engine.close()
      machines.engine = machines.newEngine()
      await machines.engine.open()
      expect(await network().egress()).toEqual({ wanted: false, works: false })
      await machines.engine.stop('i-3')
      await machines.engine.boot(machines.spec(B))
      const outside = await machines.run(B, 'timeout 20 bash -c "echo > /dev/tcp/198.51.100.1/80"')
      expect(outside.stderr).toContain('Network is unreachable')
    },
    SLOW,
  )
})

const LISTEN =
  'socket(S, PF_INET, SOCK_DGRAM, 17); bind(S, pack_sockaddr_in($ARGV[0], INADDR_ANY)); recv(S, $t, 99, 0); print $t'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NetworkPolicy } from '../../../src/localcloud/nodes/network-policy.js'
import { canRunNodes, Machines, SLOW } from './machines.js'

/** Prints the time to live of the first answer of the metadata service that begins with `HTTP/`. */
const LISTEN = String.raw`
socket(my $raw, 17, 3, unpack('S', pack('n', 0x0800))) or die $!;
alarm 30;
print STDERR "listening\n";
while (recv($raw, my $frame, 2000, 0) // die $!) {
  my $ip = substr($frame, 14);
  my $head = 4 * (ord($ip) & 15);
  my $data = substr($ip, $head + 4 * (ord(substr($ip, $head + 12, 1)) >> 4));
  next if substr($ip, 12, 4) ne pack('C4', 169, 254, 169, 254) or $data !~ m{^HTTP/};
  print ord(substr($ip, 8, 1)), "\n";
  exit;
}
`

describe.skipIf(!canRunNodes)('the metadata service as a node sees it', () => {
  const machines = new Machines()
  const policy = (hopLimit: number): NetworkPolicy => {
    const anywhere = { protocol: '-1', from: -1, to: -1, peer: { cidr: '0.0.0.0/0' } }
    return {
      nodes: [{ id: 'i-2', privateIp: '10.78.5.2', groups: ['sg-1'], hopLimit }],
      groups: [{ id: 'sg-1', ingress: [anywhere], egress: [anywhere] }],
    }
  }
  const token = "curl -s -X PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token"
  const read = 'curl -s http://169.254.169.254/latest/meta-data/instance-id'
  const hopsOf = (ask: string) =>
    machines.out(
      2,
      `mkfifo -m 600 /run/ready; perl -e '${LISTEN}' 2>/run/ready & read line </run/ready; ${ask} >/dev/null; wait; rm /run/ready`,
    )

  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(2))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'a token travels as many hops as its limit, other answers as far as they can',
    async () => {
      for (const limit of [1, 3]) {
        await machines.engine.setNetworkPolicy(policy(limit))
        expect(await hopsOf(token)).toBe(String(limit))
        expect(Number(await hopsOf(read))).toBeGreaterThan(32)
      }
      expect(await machines.out(2, `${read} -H "x-aws-ec2-metadata-token: $(${token})"`)).toBe('i-2')
    },
    SLOW,
  )
})

import { execFileSync } from 'node:child_process'
import type { EC2, Instance } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { localEc2 } from '../support/local-ec2.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const plugin = `import { ClusterSetup } from 'starcluster'
export class Say extends ClusterSetup {
  async run(nodes) { for (const node of nodes) await node.ssh.execute('echo $SSH_CONNECTION > /root/from') }
}
`

/** Nodes without public addresses, behind a node of another cluster that has one. */
describe.skipIf(!canRunNodes)('a private cluster behind a jump host', () => {
  let home: TempHome
  let ec2: EC2
  let gate: Instance = {}
  let subnet = ''

  beforeAll(async () => {
    home = await tempHome({ '.starcluster/plugins/say.ts': plugin })
    await cliOk(['start', 'gate', '-s', '1'], { env: home.env, timeoutMs: 240_000 })
    ec2 = await localEc2(home.env)
    gate = (await ec2.describeInstances({})).Reservations?.[0]?.Instances?.[0] ?? {}
    const made = await ec2.createSubnet({ VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.192.0/24' })
    subnet = made.Subnet?.SubnetId ?? ''
    await home.write(
      '.starclusterrc',
      `[plugin say]
setup_class = say.Say
[cluster private]
subnet_id = ${subnet}
public_ips = false
ssh_proxy = root@${gate.PublicIpAddress}:22022
plugins = say
`,
    )
    const keys = execFileSync('ssh-keyscan', ['-p', '22022', gate.PublicIpAddress ?? ''], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await home.write('.ssh/known_hosts', keys)
  }, 300_000)

  afterAll(async () => {
    ec2.destroy()
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('is planned, started, logged in to, grown, stopped, resumed and terminated', async () => {
    const ask = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
    expect((await ask('start', 'c', '-c', 'private', '--plan')).stdout).toMatch(/without public addresses/)
    await ask('start', 'c', '-c', 'private')
    const { Reservations } = await ec2.describeInstances({ Filters: [{ Name: 'subnet-id', Values: [subnet] }] })
    const addresses = Reservations?.flatMap(({ Instances = [] }) => Instances.map((one) => one.PublicIpAddress))
    expect(addresses).toEqual([undefined, undefined])
    const from = (await ask('sshnode', 'c', 'node001', 'cat /root/from; echo $SSH_CONNECTION')).stdout.split('\n')
    expect(from.slice(0, 2).map((line) => line.split(' ')[0])).toEqual(Array(2).fill(gate.PrivateIpAddress))
    const config = await home.write('ssh_config', (await ask('ssh-config', 'c')).stdout)
    await ask('put', 'c', '-n', 'node001', 'ssh_config', '/root/by-jump')
    const ssh = ['-F', config, 'c-node001', 'hostname; wc -c < by-jump']
    expect(execFileSync('ssh', ssh, { encoding: 'utf8' })).toMatch(/^node001\n\d{3,}\n$/)
    await ask('addnode', 'c')
    expect((await ask('sshmaster', 'c', 'ssh node002 hostname')).stdout.trim()).toBe('node002')
    await ask('stop', '-c', 'c')
    await ask('start', '-x', 'c')
    expect((await ask('listclusters', '-s', 'c')).stdout).toContain('node002')
    await ask('terminate', '-c', 'c')
    await ec2.deleteSubnet({ SubnetId: subnet })
  }, 500_000)
})

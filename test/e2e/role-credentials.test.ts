import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { ensureDaemon } from '../../src/localcloud/control.js'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { tempHome } from '../support/temp-home.js'

const ASK = String.raw`
imds=http://169.254.169.254/latest
token=$(curl -s -X PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 60' $imds/api/token)
read_it() { curl -s -H "x-aws-ec2-metadata-token: $token" "$imds/$1"; }
value() { read_it meta-data/iam/security-credentials/worker | sed -n 's/.*"'$1'": "\(.*\)".*/\1/p'; }
ask() {
  curl -s -m 20 --aws-sigv4 "aws:amz:local:$1" --user "$(value AccessKeyId):$(value SecretAccessKey)" \
    -H "x-amz-security-token: $(value Token)" -d "$2" http://169.254.169.252/
}
read_it meta-data/iam/security-credentials/; echo
ask sts 'Action=GetCallerIdentity&Version=2011-06-15'; echo
ask ec2 'Action=DescribeInstances&Version=2016-11-15'; echo
curl -s -m 20 -o /dev/null -w '%{http_code}\n' http://169.254.169.252/_starcluster/ping
`

test.skipIf(!canRunNodes)(
  'a machine with an instance profile asks EC2 in its role; one without does not reach the API',
  async () => {
    const home = await tempHome({})
    const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
    const unreached = 'curl -s -m 20 -o /dev/null http://169.254.169.252/; echo status $?'
    try {
      await ok('start', 'roles', '-s', '1')
      expect((await ok('sshmaster', 'roles', unreached)).stdout).toMatch(/status (52|56)/)
      expect((await ok('local', 'profile', 'add', 'worker')).stdout).toContain(':instance-profile/worker')
      const { endpoint, ...credentials } = await ensureDaemon({ env: home.env })
      const ec2 = new EC2({ endpoint, region: 'local', credentials })
      const id = (await ec2.describeInstances({})).Reservations?.[0]?.Instances?.[0]?.InstanceId
      await ec2.associateIamInstanceProfile({ InstanceId: id, IamInstanceProfile: { Name: 'worker' } })
      const { stdout } = await ok('sshmaster', 'roles', ASK)
      expect(stdout).toMatch(/^worker$/m)
      expect(stdout).toContain(`assumed-role/worker/${id}`)
      expect(stdout).toContain(`<instanceId>${id}</instanceId>`)
      expect(stdout).toMatch(/^404$/m)
      const used = await runCli(['local', 'profile', 'remove', 'worker'], { env: home.env })
      expect(used.output).toContain(id)
      ec2.destroy()
    } finally {
      await runCli(['local', 'reset', '--confirm'], { env: home.env })
      await home.remove()
    }
  },
  300_000,
)

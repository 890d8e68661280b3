import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../../support/cli.js'
import { canRunNodes } from '../../support/privileges.js'
import { type TempHome, tempHome } from '../../support/temp-home.js'

const execute = promisify(execFile)
const aws = '/usr/bin/aws'
const python = '/usr/bin/python3'
const installed = existsSync(aws) && existsSync('/usr/lib/python3/dist-packages/boto3')
if (!installed)
  console.warn("SKIPPED: Debian's awscli and python3-boto3 are not installed (scripts/test installs them)")

/** What the local cloud answers, as docs/local-cloud.md says. */
const promised = [
  ...['RunInstances', 'DescribeInstances', 'TerminateInstances', 'RebootInstances', 'StopInstances', 'StartInstances'],
  ...['GetConsoleOutput', 'CreateTags', 'DeleteTags', 'DescribeTags'],
  ...['CreateKeyPair', 'ImportKeyPair', 'DescribeKeyPairs', 'DeleteKeyPair'],
  ...['CreateSecurityGroup', 'DescribeSecurityGroups', 'DeleteSecurityGroup'],
  ...['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'],
  ...['AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress'],
  ...['DescribeImages', 'DescribeInstanceTypes', 'DescribeRegions', 'DescribeAvailabilityZones'],
  'DescribeSpotPriceHistory',
  ...['DescribeVpcs', 'DescribeSubnets'],
  ...['CreateVpc', 'DeleteVpc', 'CreateSubnet', 'DeleteSubnet', 'ModifySubnetAttribute'],
  ...['CreateInternetGateway', 'AttachInternetGateway', 'DetachInternetGateway', 'DeleteInternetGateway'],
  ...['DescribeInternetGateways', 'DescribeRouteTables', 'CreateRouteTable', 'DeleteRouteTable'],
  ...['AssociateRouteTable', 'DisassociateRouteTable', 'ReplaceRouteTableAssociation'],
  ...['CreateRoute', 'ReplaceRoute', 'DeleteRoute'],
  ...['CreateNetworkInterface', 'DeleteNetworkInterface', 'DescribeNetworkInterfaces'],
  ...['ModifyNetworkInterfaceAttribute', 'DescribeNetworkInterfaceAttribute'],
  ...['CreatePlacementGroup', 'DeletePlacementGroup', 'DescribePlacementGroups'],
  ...['CreateVolume', 'DeleteVolume', 'AttachVolume', 'DetachVolume', 'ModifyVolume', 'ModifyVolumeAttribute'],
  ...['DescribeVolumes', 'DescribeVolumeStatus', 'DescribeVolumesModifications', 'DescribeVolumeAttribute'],
  ...['CreateSnapshot', 'CreateSnapshots', 'CopySnapshot', 'DescribeSnapshots', 'DeleteSnapshot'],
  ...['CreateImage', 'CopyImage', 'RegisterImage', 'DeregisterImage'],
]
  .map((action) => `ec2:${action}`)
  .concat(['ListBuckets', 'CreateBucket', 'DeleteBucket', 'PutObject', 'GetObject'].map((action) => `s3:${action}`))
  .concat(
    ['HeadObject', 'ListObjectsV2', 'DeleteObject'].map((action) => `s3:${action}`),
    'sts:GetCallerIdentity',
  )

/** Members that AWS added after Debian 12's botocore (1.29) was released. */
const newerThanBotocore = [
  ...['securityGroupRuleArn', 'securityGroupArn', 'BucketRegion', 'revokedSecurityGroupRuleSet'],
  ...['availabilityZoneId', 'sourceInstanceId', 'sourceImageId', 'sourceImageRegion', 'completionTime'],
]

/** What EC2 itself answers, though its model does not have it. */
const unlikeItsModel = ["attachmentSet[]/state: 'available'"]

/** The local cloud as others see it: clients that share no code with us. */
describe.skipIf(!canRunNodes || !installed)('clients from outside', () => {
  let home: TempHome
  let settings: Record<string, string>

  beforeAll(async () => {
    home = await tempHome()
    const { stdout } = await cliOk(['local', 'env'], { env: home.env, timeoutMs: 240_000 })
    settings = Object.fromEntries(
      [...stdout.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    )
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('boto3: every action, every answer as botocore models it, every error with its code', async () => {
    const script = fileURLToPath(new URL('botocore_check.py', import.meta.url))
    const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } = settings
    const { stdout } = await execute(python, [script, endpoint!, key!, secret!], { env: home.env, maxBuffer: 1 << 24 })
    const seen = JSON.parse(stdout)
    const expected = [...newerThanBotocore.map((name) => `<${name}>`), ...unlikeItsModel]
    expect(seen.findings.filter((f: string) => !expected.some((text) => f.includes(text)))).toEqual([])
    expect(seen.wrong_codes).toEqual([])
    expect(promised.filter((action) => !seen.asked.includes(action))).toEqual([])
  }, 240_000)

  test("the aws CLI, with local env's settings", async () => {
    const ask = async (...args: string[]) => {
      const all = [...args, '--endpoint-url', settings.AWS_ENDPOINT_URL!, '--output', 'json', '--no-cli-pager']
      const { stdout } = await execute(aws, all, { env: { ...home.env, ...settings } })
      return stdout.trim() === '' ? undefined : JSON.parse(stdout)
    }
    expect((await ask('ec2', 'describe-regions')).Regions[0].RegionName).toBe('local')
    expect((await ask('sts', 'get-caller-identity')).Account).toMatch(/^\d{12}$/)
    await ask('ec2', 'create-key-pair', '--key-name', 'cli', '--key-type', 'rsa')
    expect((await ask('ec2', 'describe-key-pairs')).KeyPairs.map((k: { KeyName: string }) => k.KeyName)).toEqual([
      'cli',
    ])
    await ask('s3api', 'create-bucket', '--bucket', 'cli-bucket')
    expect((await ask('s3api', 'list-buckets')).Buckets).toHaveLength(1)
    const parameter = `/aws/service/debian/release/12/latest/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`
    const known = await ask('ssm', 'get-parameters', '--names', parameter, '/no/such')
    const { Images } = await ask(
      'ec2',
      'describe-images',
      '--owners',
      'amazon',
      '--filters',
      'Name=name,Values=debian-12',
    )
    expect(known).toMatchObject({ Parameters: [{ Value: Images[0].ImageId }], InvalidParameters: ['/no/such'] })
    const { VolumeId } = await ask('ec2', 'create-volume', '--availability-zone', 'local-a', '--size', '1')
    await ask('ec2', 'wait', 'volume-available', '--volume-ids', VolumeId)
    expect((await ask('ec2', 'describe-volumes')).Volumes).toMatchObject([{ VolumeId, Size: 1, VolumeType: 'gp2' }])
    await ask('ec2', 'delete-volume', '--volume-id', VolumeId)
    const wrong = execute(aws, ['ec2', 'describe-instances', '--endpoint-url', settings.AWS_ENDPOINT_URL!], {
      env: { ...home.env, ...settings, AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) },
    })
    await expect(wrong).rejects.toMatchObject({ stderr: expect.stringContaining('AuthFailure') })
  }, 240_000)

  test('the aws CLI moves a file of 20 MiB in parts, and gives it away by a presigned URL', async () => {
    const run = async (...args: string[]) => {
      const all = [...args, '--endpoint-url', settings.AWS_ENDPOINT_URL!, '--output', 'text', '--no-cli-pager']
      return (await execute(aws, all, { env: { ...home.env, ...settings } })).stdout.trim()
    }
    const bytes = randomBytes(20 * 1024 * 1024)
    const [there, back] = [join(home.path, 'there'), join(home.path, 'back')]
    await writeFile(there, bytes)
    await run('s3', 'mb', 's3://cli-parts')
    await run('s3', 'cp', there, 's3://cli-parts/f', '--no-progress')
    const head = ['s3api', 'head-object', '--bucket', 'cli-parts', '--key', 'f', '--query', 'ETag']
    expect(await run(...head)).toMatch(/^"[0-9a-f]{32}-3"$/)
    await run('s3', 'cp', 's3://cli-parts/f', back, '--no-progress')
    expect((await readFile(back)).equals(bytes)).toBe(true)
    const url = await run('s3', 'presign', 's3://cli-parts/f', '--expires-in', '60')
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
    const list = ['s3api', 'list-multipart-uploads', '--bucket', 'cli-parts', '--query', 'Uploads[].Key']
    expect(await run(...list)).toBe('None')
    await run('s3api', 'create-multipart-upload', '--bucket', 'cli-parts', '--key', 'on-its-way')
    expect(await run(...list)).toBe('on-its-way')
  }, 120_000)
})

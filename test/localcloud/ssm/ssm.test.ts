import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'
import { createCloudServer } from '../../../src/localcloud/server/server.js'
import { handleSsm } from '../../../src/localcloud/ssm/handler.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'
import { CREDENTIALS } from '../server/test-server.js'

const aws = '/usr/bin/aws'
const { cloud } = createInProcessCloud()
const unused = async () => ({ status: 501, headers: {}, body: '' })
const server = createCloudServer({
  cloud,
  credentials: CREDENTIALS,
  services: { ec2: unused, s3: unused, sts: unused, ssm: handleSsm },
  control: async () => false,
  unsaved: () => false,
})

const here = process.arch === 'arm64' ? 'arm64' : 'amd64'
const elsewhere = here === 'arm64' ? 'amd64' : 'arm64'
const DEBIAN = `/aws/service/debian/release/12/latest/${here}`
const UBUNTU = `/aws/service/canonical/ubuntu/server/24.04/stable/current/${here}/hvm/ebs-gp3/ami-id`

let sc: InProcess

beforeAll(async () => {
  sc = await inProcessManager()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await sc.close()
  server.closeAllConnections()
  server.close()
})

async function ask(action: string, input: object | string) {
  const { status, body } = await handleSsm(
    {
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': `AmazonSSM.${action}` },
      body: Buffer.from(typeof input === 'string' ? input : JSON.stringify(input)),
      accessKeyId: CREDENTIALS.accessKeyId,
    },
    cloud,
  )
  return { status, ...JSON.parse(String(body)) }
}

test('a parameter leads to the local image of that distribution and architecture, another one to none', async () => {
  const Value = cloud.state.ec2.defaultImageId
  const parameter = {
    Name: DEBIAN,
    Type: 'String',
    Value,
    Version: 1,
    DataType: 'aws:ec2:image',
    ARN: `arn:aws:ssm:local::parameter${DEBIAN}`,
  }
  expect(await ask('GetParameter', { Name: DEBIAN })).toMatchObject({ status: 200, Parameter: parameter })
  expect(await ask('GetParameter', { Name: `${DEBIAN}:1` })).toMatchObject({
    Parameter: { ...parameter, Selector: ':1' },
  })
  expect(await ask('GetParameter', { Name: parameter.ARN })).toMatchObject({ Parameter: parameter })
  const notThere = [UBUNTU, DEBIAN.replace(here, elsewhere), DEBIAN.replace('12', '11'), `${DEBIAN}:2`, '/my/own']
  expect(await ask('GetParameters', { Names: [DEBIAN, ...notThere] })).toMatchObject({
    Parameters: [parameter],
    InvalidParameters: notThere,
  })
})

test.each([
  ['GetParameter', { Name: UBUNTU }, 'ParameterNotFound'],
  ['GetParameter', { Name: `${DEBIAN}:7` }, 'ParameterVersionNotFound'],
  ['GetParameter', {}, 'ValidationException'],
  ['GetParameters', { Names: [] }, 'ValidationException'],
  ['GetParameters', { Names: Array.from({ length: 11 }, (_, i) => `/p${i}`) }, 'ValidationException'],
  ['GetParameters', '[', 'SerializationException'],
  ['PutParameter', { Name: '/p', Value: 'v' }, 'UnknownOperationException'],
])('%s of %j is refused with %s', async (action, input, __type) => {
  expect(await ask(action, input)).toMatchObject({ status: 400, __type })
})

test.skipIf(!existsSync(aws))(
  'the aws CLI reads them, and its errors',
  async () => {
    const run = (args: string[], secret = CREDENTIALS.secretAccessKey) =>
      promisify(execFile)(aws, ['ssm', ...args, '--output', 'json', '--no-cli-pager'], {
        env: {
          ...process.env,
          AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: secret,
          AWS_DEFAULT_REGION: 'local',
          AWS_ENDPOINT_URL: '',
          AWS_CONFIG_FILE: '/nowhere',
        },
      }).then(({ stdout }) => JSON.parse(stdout))
    const endpoint = ['--endpoint-url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`]
    const many = await run(['get-parameters', '--names', DEBIAN, UBUNTU, ...endpoint])
    expect(many.Parameters).toMatchObject([{ Name: DEBIAN, Value: cloud.state.ec2.defaultImageId }])
    expect(many.InvalidParameters).toEqual([UBUNTU])
    const stderr = (text: string) => ({ stderr: expect.stringContaining(text) })
    await expect(run(['get-parameter', '--name', UBUNTU, ...endpoint])).rejects.toMatchObject(
      stderr('(ParameterNotFound)'),
    )
    const wrong = run(['get-parameter', '--name', DEBIAN, ...endpoint], 'wrong')
    await expect(wrong).rejects.toMatchObject(stderr('(InvalidSignatureException)'))
  },
  60_000,
)

test('a launch takes resolve:ssm:, names the images there are when it leads to none; DescribeImages has no such ids', async () => {
  const launch = (ImageId: string) => sc.aws.ec2.runInstances({ ImageId, MinCount: 1, MaxCount: 1 })
  for (const id of [`resolve:ssm:${DEBIAN}`, `resolve:ssm:${DEBIAN}:1`]) {
    expect((await launch(id)).Instances).toMatchObject([{ ImageId: sc.cloud.state.ec2.defaultImageId }])
  }
  const refused = { name: 'SsmInvalidParameter', message: expect.stringContaining('which has debian-12') }
  await expect(launch(`resolve:ssm:${UBUNTU}`)).rejects.toMatchObject(refused)
  const described = sc.aws.ec2.describeImages({ ImageIds: [`resolve:ssm:${DEBIAN}`] })
  await expect(described).rejects.toMatchObject({ name: 'InvalidAMIID.Malformed' })
})

test('start --plan takes resolve:ssm:', async () => {
  const plan = await runCommand(sc, ['start', '-n', `resolve:ssm:${DEBIAN}`, '--plan', 'mine'])
  expect(plan).toMatchObject({ status: 0, stderr: '' })
  expect(plan.stdout).toContain(`resolve:ssm:${DEBIAN}`)
})

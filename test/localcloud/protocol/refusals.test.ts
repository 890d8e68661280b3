import { expect, test } from 'vitest'
import type { CloudRequest } from '../../../src/localcloud/cloud.js'
import { handleEc2 } from '../../../src/localcloud/ec2/index.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

async function ask(form: string) {
  const { cloud } = createInProcessCloud()
  const request: CloudRequest = {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(form),
    accessKeyId: 'test',
  }
  const { status, body, headers } = await handleEc2(request, cloud)
  const text = String(body)
  expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
  return {
    status,
    text,
    code: /<Code>(.*?)<\/Code>/.exec(text)?.[1],
    message: /<Message>(.*?)<\/Message>/.exec(text)?.[1],
  }
}

test.each([
  ['no action', 'Version=2016-11-15', 'MissingAction', 'Action'],
  ['an action we do not have', 'Action=CreateFleet', 'InvalidAction', 'CreateFleet'],
  ['an action named like a member of every object', 'Action=constructor', 'InvalidAction', 'constructor'],
  ['a misspelt parameter', 'Action=DescribeInstances&InstanceIdd.1=i-1', 'UnknownParameter', 'InstanceIdd'],
  ['a misspelt member', 'Action=DescribeInstances&Filter.1.Nam=x', 'UnknownParameter', 'Filter.1.Nam'],
  ['a list without numbers', 'Action=DescribeInstances&InstanceId.x=i-1', 'UnknownParameter', 'InstanceId.x'],
  [
    'a structure given a value',
    'Action=RunInstances&MinCount=1&MaxCount=1&Placement=local-a',
    'UnknownParameter',
    'Placement',
  ],
  ['a value with members', 'Action=RunInstances&MinCount=1&MaxCount.Foo=1', 'UnknownParameter', 'MaxCount.Foo'],
  ['a required parameter left out', 'Action=RunInstances&MinCount=1', 'MissingParameter', 'MaxCount'],
  ['a required list left out', 'Action=TerminateInstances', 'MissingParameter', 'InstanceId'],
  ['text for a number', 'Action=RunInstances&MinCount=one&MaxCount=1', 'InvalidParameterValue', 'MinCount'],
  ['text for a flag', 'Action=DescribeRegions&DryRun=maybe', 'InvalidParameterValue', 'DryRun'],
  ['a proto as a parameter', 'Action=DescribeRegions&__proto__.x=1', 'UnknownParameter', '__proto__'],
])('%s is refused', async (_what, form, code, mention) => {
  const answer = await ask(form)
  expect(answer).toMatchObject({ status: 400, code })
  expect(answer.message).toContain(mention)
})

test('a message with special characters is XML', async () => {
  const { text } = await ask(`Action=${encodeURIComponent('<a>&"')}`)
  expect(text).toContain('The action &lt;a&gt;&amp;&quot; is not valid')
})

test('a presigned request has its parameters in the query', async () => {
  const { cloud } = createInProcessCloud()
  const query = new URLSearchParams('Action=DescribeRegions&Version=2016-11-15&X-Amz-Signature=abc&X-Amz-Date=x')
  const answer = await handleEc2(
    { method: 'GET', path: '/', query, headers: {}, body: new Uint8Array(), accessKeyId: 'a' },
    cloud,
  )
  expect(answer.status).toBe(200)
  expect(answer.body).toContain('<regionName>local</regionName>')
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
const run = (...argv: string[]) => runCommand(sc, argv)

beforeAll(async () => {
  sc = await inProcessManager()
})
afterAll(() => sc?.close())

test('gc lists for people and programs without removing; --yes removes', async () => {
  const { GroupId } = await sc.aws.ec2.createSecurityGroup({ GroupName: '@sc-gone', Description: 'gone' })
  expect((await run('gc')).stdout).toContain(GroupId)
  expect(await run('gc', '--quiet')).toMatchObject({ status: 0, stdout: `${GroupId}\n`, dataOnly: true })
  const { stdout, dataOnly } = await run('gc', '--json')
  expect(dataOnly).toBe(true)
  expect(JSON.parse(stdout)).toEqual([
    { kind: 'security group', id: GroupId, cluster: 'gone', why: expect.any(String) },
  ])
  expect(await run('gc', '--quiet', '--json')).toMatchObject({ status: 2 })
  expect((await run('gc', '--yes')).status).toBe(0)
  expect((await run('gc')).stdout).toBe('Nothing is left over in region local.\n')
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectWhole } from '../../support/simulated/whole.js'

let on: Simulated
beforeEach(async () => {
  on = await simulatedManager()
})
afterEach(() => on.close())

const start = (imageUser?: string) =>
  on.cm.startCluster('c', { overrides: { clusterSize: 2, ...(imageUser === undefined ? {} : { imageUser }) } })
const logins = () => [...on.engine.machines.values()].map((machine) => machine.logins)
const told = () => on.log.filter((line) => line.includes('The image lets in'))

test('an image that lets root in is asked for nobody else', async () => {
  await start('admin')
  expect(logins()).toEqual([['root'], ['root']])
  expect(told()).toEqual([])
})

test('an image that tells its user: found out, said once, one connection more a node; new nodes too', async () => {
  on.engine.stock = { user: 'admin', refusal: 'told' }
  await start()
  expect(logins()).toEqual(['', ''].map(() => ['root', 'admin', 'root']))
  expect(told()).toEqual([expect.stringContaining('lets in admin, not root')])
  await on.cm.addNodes('c')
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  // What is open stays open.
  await on.cm.stopCluster('c')
  await on.cm.startCluster('c', { create: false })
  await on.cm.restartCluster('c')
  expect(
    logins()
      .flat()
      .filter((user) => user === 'admin'),
  ).toHaveLength(3)
})

test('image_user is recorded, and opens nodes whose sshd does not say whom it wants', async () => {
  on.engine.stock = { user: 'rocky', refusal: 'silent' }
  await on.home.write('.starclusterrc', '[cluster t]\ncluster_size = 2\nimage_user = rocky\n')
  await on.cm.startCluster('c', { template: 't' })
  expect((await on.cm.getCluster('c')).record.imageUser).toBe('rocky')
  await on.cm.addNodes('c')
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  expect(logins()).toEqual(['', '', ''].map(() => ['rocky', 'root']))
})

test('without it the usual users are tried where sshd takes the key and hangs up, as on Amazon Linux', async () => {
  on.engine.stock = { user: 'ec2-user', refusal: 'hung up' }
  await start()
  await expectWhole(on, 'c', ['master', 'node001'])
  expect(told()).toEqual([expect.stringContaining('lets in ec2-user, not root')])
})

test('a wrong image_user is an error that names node, user and remedy; start -x with the right one goes on', async () => {
  on.engine.stock = { user: 'admin', refusal: 'told' }
  await expect(start('ubuntu')).rejects.toMatchObject({
    message: expect.stringMatching(/^(master|node001): ubuntu is not let in; its image asks to log in as admin$/),
    hint: expect.stringContaining('starcluster start -x --image-user admin c'),
  })
  await on.cm.startCluster('c', { create: false, overrides: { imageUser: 'admin' } })
  await expectWhole(on, 'c', ['master', 'node001'])
})

test('a user that nobody lets in is told with all that was tried, when the node has had its time', async () => {
  on.engine.stock = { user: 'rocky', refusal: 'silent' }
  const deadlines = { refusedMs: 300 }
  const cm = new ClusterManager({ ...on.deps, deadlines })
  await expect(cm.startCluster('c', { overrides: { clusterSize: 1 } })).rejects.toMatchObject({
    message: expect.stringMatching(/^master: none of root, ec2-user, ubuntu, admin is let in with the key /),
    hint: expect.stringContaining('--image-user NAME'),
  })
  await cm.close()
})

test('sudo that wants a password is told at once', async () => {
  on.engine.stock = { user: 'admin', refusal: 'told', sudoAsks: true }
  await expect(start('admin')).rejects.toMatchObject({
    message: expect.stringMatching(/admin cannot open the login of root with sudo: sudo: a password is required$/),
    hint: expect.stringContaining('without a password'),
  })
})

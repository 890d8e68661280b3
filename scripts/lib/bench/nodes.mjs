import { execFileSync } from 'node:child_process'
import { asOrdinaryUser } from './as-user.mjs'
import { BareMachines } from './machines.mjs'
import { beside, median, program, report, run, seconds } from './measure.mjs'

/** What the prototype of these machines took on 2 cores: as root, as an ordinary user. */
const PROTOTYPE = {
  ready: { 1: ['0.10-0.18', '0.10-0.20'], 10: ['0.47-0.67', '0.69-0.76'], 50: ['2.6-3.6', '3.5'] },
  login: { 1: ['0.42-0.47', '0.34-0.59'], 10: ['1.3-1.7', '2.0-2.3'], 50: ['7.0-10.2', '10.3'] },
  stop: ['0.38', '0.39'],
  remove: ['0.2-0.7', '0.65'],
  memory: '2.8',
  disk: '0.07-0.09',
  image: '0.14',
}
const isRoot = process.getuid() === 0
const own = (pair) => `prototype: ${pair[isRoot ? 0 : 1]}`
const mib = (bytes) => bytes / 2 ** 20

/** What machines cost, one to fifty of them, as root and as an ordinary user. */
export async function benchNodes(env) {
  run(process.execPath, [program, 'local', 'image', 'build'], env)
  console.log(isRoot ? 'as root' : 'as an ordinary user')
  await bareMachines(env)
  clusterOfFifty(env)
  await disksOfThree(env)
  if (!isRoot) return
  if (!asUser()) console.log('SKIPPED: the same as an ordinary user (uidmap and useradd are needed)')
}

function asUser() {
  try {
    execFileSync('sh', ['-c', 'command -v useradd newuidmap'], { stdio: 'ignore' })
  } catch {
    return false
  }
  const status = asOrdinaryUser('main.mjs', ['nodes'])
  if (status !== 0) throw new Error(`the bench as an ordinary user ended with status ${status}`)
  return true
}

async function bareMachines(env) {
  const { createStarCluster } = await import('../../../dist/index.js')
  const sc = await createStarCluster({ env })
  const machines = new BareMachines(sc.aws.ec2, env.HOME)
  await machines.prepare()
  for (const count of [1, 10, 50]) {
    let ids
    let instances
    const ready = await seconds(async () => {
      ids = await machines.launch(count)
      instances = await machines.inState(ids, 'running')
    })
    const logins = await seconds(() => machines.logIn(instances))
    beside(`${count} to sshd (the last)`, ready, 's', own(PROTOTYPE.ready[count]))
    beside(`${count} to ssh login (the last)`, ready + logins, 's', own(PROTOTYPE.login[count]))
    if (count === 50) await fifty(env, machines, ids)
    else await terminate(machines, ids)
  }
  await sc.close()
}

async function fifty(env, machines, ids) {
  const status = () => JSON.parse(run(process.execPath, [program, 'local', 'status', '--json'], env))
  report('local status with 50', await seconds(status), 's', 1)
  const { nodes, memoryBytes } = status()
  const middle = (key) => median(nodes.map((node) => node[key]).sort((a, b) => a - b))
  beside('memory of an idle machine (PSS)', mib(middle('memoryBytes')), 'MiB', `prototype: ${PROTOTYPE.memory}`)
  beside('disk of a machine after its first boot', mib(middle('diskBytes')), 'MiB', `prototype: ${PROTOTYPE.disk}`)
  beside('processes of a machine', middle('processes'), '', '')
  report('memory of the daemon with 50', mib(memoryBytes), 'MiB', 180)
  const stop = async () => {
    await machines.ec2.stopInstances({ InstanceIds: ids })
    await machines.inState(ids, 'stopped')
  }
  beside('stop of 50', await seconds(stop), 's', own(PROTOTYPE.stop))
  const start = async () => {
    await machines.ec2.startInstances({ InstanceIds: ids })
    await machines.inState(ids, 'running')
  }
  beside('start of 50 that were stopped, to sshd', await seconds(start), 's', own(PROTOTYPE.ready[50]))
  beside('terminate of 50, disks deleted', await seconds(() => terminate(machines, ids)), 's', own(PROTOTYPE.remove))
  const left = status().nodes.length
  report('machines left after that', left, '', 0)
}

async function terminate(machines, ids) {
  await machines.ec2.terminateInstances({ InstanceIds: ids })
  await machines.inState(ids, 'terminated')
}

function clusterOfFifty(env) {
  const sc = (...args) => run(process.execPath, [program, ...args], env)
  const timed = (what, budget, ...args) => {
    const start = performance.now()
    sc(...args)
    report(what, (performance.now() - start) / 1000, 's', budget)
  }
  timed('start of 50 nodes, fully configured', 30, 'start', 'fifty', '-s', '50')
  timed('stop of that cluster', 10, 'stop', '-c', 'fifty')
  timed('start -x of it, fully configured', 30, 'start', '-x', 'fifty')
  timed('terminate of it', 10, 'terminate', '-c', 'fifty')
}

async function disksOfThree(env) {
  const sc = (...args) => run(process.execPath, [program, ...args], env)
  sc('start', 'three', '-s', '3')
  report('snapshot of 3 nodes', await seconds(() => sc('local', 'snapshot', 'three', 'a')), 's', 2)
  report('rollback of 3 nodes', await seconds(() => sc('local', 'rollback', 'three', 'a')), 's', 2)
  const { createStarCluster } = await import('../../../dist/index.js')
  const lib = await createStarCluster({ env })
  const { ec2 } = lib.aws
  const ids = (await (await lib.cm.getCluster('three')).getNodes()).map((node) => node.id)
  const images = []
  const create = async () => {
    const made = await Promise.all(
      ids.map((InstanceId) => ec2.createImage({ InstanceId, Name: `bench-${InstanceId}`, NoReboot: true })),
    )
    images.push(...made.map((image) => image.ImageId))
    for (;;) {
      const { Images } = await ec2.describeImages({ ImageIds: images })
      if (Images.every((image) => image.State === 'available')) return
      if (Images.some((image) => image.State === 'failed')) throw new Error('an image failed')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  beside(
    'CreateImage of 3 nodes at once, to available',
    await seconds(create),
    's',
    `prototype, one: ${PROTOTYPE.image}`,
  )
  for (const ImageId of images) await ec2.deregisterImage({ ImageId })
  await lib.close()
  sc('terminate', '-c', 'three')
}

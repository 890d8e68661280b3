import { connect } from 'node:net'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  ImportKeyPairCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureDaemon, type LocalCloudAccess } from '../../../src/localcloud/control.js'
import { readLockHolder } from '../../../src/localcloud/daemon/daemon-info.js'
import { pause } from '../../../src/localcloud/daemon/pause.js'
import { isAlive } from '../../../src/localcloud/daemon/process-id.js'
import { bundleDaemon, killAndWait, makeHome, type TestHome } from './harness.js'

const KILLS = Number(process.env.STARCLUSTER_TEST_KILLS ?? 60)

let bundle: Awaited<ReturnType<typeof bundleDaemon>>
let home: TestHome
beforeAll(async () => {
  bundle = await bundleDaemon()
  home = await makeHome(bundle.program)
})
afterAll(async () => {
  await home.dispose()
  await bundle.remove()
})

test(`killed at ${KILLS} random moments under load: nothing acknowledged is lost, no machine lost or doubled`, async () => {
  const load = new Load(await ensureDaemon({ env: home.env }))
  await load.prepare()
  const writers = Promise.all([
    load.writeKeys(),
    load.writeTags(),
    load.writeRules(),
    load.writeObjects(),
    load.runMachines(),
  ])
  for (let kill = 0; kill < KILLS; kill++) {
    // Every fourth dies while it starts; the others after a random number of answers.
    const starting = ensureDaemon({ env: home.env })
    if (kill % 4 === 0) await killWhileStarting(starting)
    else {
      await starting
      await load.moreAnswers(Math.floor(Math.random() * 12))
      await home.kill()
    }
  }
  load.stop()
  load.connect(await ensureDaemon({ env: home.env }))
  await writers
  await load.verify()
  load.close()
}, 600_000)

/** A daemon that dies before it was ready; whoever waited for it is told. */
async function killWhileStarting(starting: Promise<LocalCloudAccess>): Promise<void> {
  let ended = false
  const end = starting.then(
    () => (ended = true),
    (error: { code?: string }) => {
      ended = true
      if (error.code !== 'DaemonNotStarted') throw error
    },
  )
  let holder = await readLockHolder(home.paths.lock)
  while (!ended && !(holder && isAlive(holder))) {
    await pause(1)
    holder = await readLockHolder(home.paths.lock)
  }
  await pause(Math.random() * 120)
  if (holder && isAlive(holder)) await killAndWait(holder.pid)
  await end
}

/** Clients that write all the time, remember what was acknowledged, and shrug at connections that break. */
class Load {
  private ec2!: EC2Client
  private s3!: S3Client
  private running = true
  private answers = 0
  private waiting: { at: number; resolve: () => void }[] = []
  private serial = 0
  private group = ''
  private endpoint!: URL
  private readonly keys = new Map<string, boolean>()
  private readonly tags = new Expected()
  private readonly ports = new Set<number>()
  private readonly objects = new Expected()
  private readonly machines = new Map<string, string>()

  constructor(access: LocalCloudAccess) {
    this.connect(access)
  }

  connect({ endpoint, accessKeyId, secretAccessKey }: LocalCloudAccess): void {
    this.endpoint = new URL(endpoint)
    const settings = { endpoint, region: 'local', credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 }
    this.ec2 = new EC2Client(settings)
    this.s3 = new S3Client({ ...settings, forcePathStyle: true })
  }

  close(): void {
    this.ec2.destroy()
    this.s3.destroy()
  }

  stop(): void {
    this.running = false
  }

  async prepare(): Promise<void> {
    const made = await this.ec2.send(new CreateSecurityGroupCommand({ GroupName: 'load', Description: 'load' }))
    this.group = made.GroupId!
    await this.s3.send(new CreateBucketCommand({ Bucket: 'load' }))
  }

  /** Resolves after that many more acknowledged changes. */
  moreAnswers(count: number): Promise<void> {
    if (count === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push({ at: this.answers + count, resolve }))
  }

  async writeKeys(): Promise<void> {
    const material = Buffer.from(`ssh-ed25519 ${ed25519Blob()} test`)
    await this.repeat(async () => {
      const KeyName = `key-${this.serial++}`
      await this.ec2.send(new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: material }))
      this.keys.set(KeyName, true)
      if (this.serial % 3 !== 0) return
      this.keys.delete(KeyName) // until it answers both are right
      await this.ec2.send(new DeleteKeyPairCommand({ KeyName }))
      this.keys.set(KeyName, false)
    })
  }

  async writeTags(): Promise<void> {
    await this.repeat(async () => {
      const [Key, Value] = [`tag-${this.serial % 40}`, `v${this.serial++}`]
      await this.tags.change(Key, Value, () =>
        this.ec2.send(new CreateTagsCommand({ Resources: [this.group], Tags: [{ Key, Value }] })),
      )
    })
  }

  async writeRules(): Promise<void> {
    let port = 1000
    await this.repeat(async () => {
      if (port > 1050) return void (await this.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [this.group] })))
      const rule = { GroupId: this.group, IpProtocol: 'tcp', FromPort: ++port, ToPort: port, CidrIp: '10.0.0.0/8' }
      await this.ec2.send(new AuthorizeSecurityGroupIngressCommand(rule))
      this.ports.add(rule.FromPort)
    })
  }

  async writeObjects(): Promise<void> {
    await this.repeat(async () => {
      const [Key, Body] = [`object-${this.serial % 30}`, `body ${this.serial++}`]
      const where = { Bucket: 'load', Key }
      if (this.serial % 5 > 0) {
        await this.objects.change(Key, Body, () => this.s3.send(new PutObjectCommand({ ...where, Body })))
      } else await this.objects.change(Key, undefined, () => this.s3.send(new DeleteObjectCommand(where)))
    })
  }

  /** With the same client token until it is answered, as the SDK does: no machine twice. */
  async runMachines(): Promise<void> {
    let launched = 0
    await this.repeat(async () => {
      if (launched >= 60) return void (await this.ec2.send(new DescribeKeyPairsCommand({})))
      const ClientToken = `launch-${launched}`
      const { Instances } = await this.ec2.send(
        new RunInstancesCommand({
          ImageId: 'default',
          InstanceType: 't3.small',
          MinCount: 1,
          MaxCount: 1,
          ClientToken,
        }),
      )
      this.machines.set(ClientToken, Instances![0]!.InstanceId!)
      launched++
    })
  }

  async verify(): Promise<void> {
    const { KeyPairs } = await this.ec2.send(new DescribeKeyPairsCommand({}))
    const names = new Set((KeyPairs ?? []).map((pair) => pair.KeyName))
    const wrongKeys = [...this.keys].filter(([name, there]) => names.has(name) !== there)
    expect(wrongKeys).toEqual([])
    const { SecurityGroups } = await this.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [this.group] }))
    const tags = new Map((SecurityGroups?.[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]))
    for (const [key, allowed] of this.tags.values) expect(allowed, key).toContain(tags.get(key))
    const ports = new Set((SecurityGroups?.[0]?.IpPermissions ?? []).map((rule) => rule.FromPort))
    expect([...this.ports].filter((port) => !ports.has(port))).toEqual([])
    await this.verifyObjects()
    await this.verifyMachines()
    const counts = [this.keys, this.tags.values, this.ports, this.objects.values, this.machines].map(({ size }) => size)
    expect(Math.min(...counts), `acknowledged: ${counts}`).toBeGreaterThan(5)
  }

  private async verifyObjects(): Promise<void> {
    for (const [Key, allowed] of this.objects.values) {
      const read = this.s3.send(new GetObjectCommand({ Bucket: 'load', Key }))
      const found = await read.then(
        ({ Body }) => Body?.transformToString(),
        (error: Error) => (error.name === 'NoSuchKey' ? undefined : Promise.reject(error)),
      )
      expect(allowed, Key).toContain(found)
    }
    // Whatever is listed, acknowledged or not, has its bytes.
    const { Contents } = await this.s3.send(new ListObjectsV2Command({ Bucket: 'load' }))
    for (const { Key, Size } of Contents ?? []) {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: 'load', Key: Key! }))
      expect((await Body!.transformToByteArray()).length).toBe(Size)
    }
  }

  private async verifyMachines(): Promise<void> {
    const { Reservations } = await this.ec2.send(new DescribeInstancesCommand({}))
    const found = (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? [])
    const byToken = new Map<string, string[]>()
    for (const { ClientToken, InstanceId } of found) {
      byToken.set(ClientToken!, [...(byToken.get(ClientToken!) ?? []), InstanceId!])
    }
    for (const [token, id] of this.machines) expect([token, byToken.get(token)]).toEqual([token, [id]])
    expect([...byToken].filter(([, ids]) => ids.length !== 1)).toEqual([])
  }

  private async repeat(change: () => Promise<void>): Promise<void> {
    while (this.running) {
      try {
        await change()
        this.answered()
      } catch (error) {
        if (!isBrokenConnection(error)) throw error
        while (this.running && !(await accepts(this.endpoint))) await pause(5)
      }
    }
  }

  private answered(): void {
    this.answers++
    for (const waiter of this.waiting.filter(({ at }) => at <= this.answers)) waiter.resolve()
    this.waiting = this.waiting.filter(({ at }) => at > this.answers)
  }
}

/** What each name may hold: the last acknowledged value, and those that were asked for since and not answered. */
class Expected {
  readonly values = new Map<string, (string | undefined)[]>()

  async change(name: string, value: string | undefined, change: () => Promise<unknown>): Promise<void> {
    this.values.set(name, [...(this.values.get(name) ?? [undefined]), value])
    await change()
    this.values.set(name, [value])
  }
}

function accepts({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function isBrokenConnection(error: unknown): boolean {
  const { code, name, message } = error as { code?: string; name?: string; message?: string }
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code ?? '') || name === 'TimeoutError') return true
  // The same change again: the first answer was lost with the daemon, the change was not.
  if (/Duplicate/.test(name ?? '')) return true
  return /socket hang up|aborted/.test(message ?? '')
}

function ed25519Blob(): string {
  const word = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return Buffer.concat([word(Buffer.from('ssh-ed25519')), word(Buffer.alloc(32, 7))]).toString('base64')
}

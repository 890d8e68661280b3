import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SSH_PORT = '22022'
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Bare machines of the local cloud: EC2's own requests and OpenSSH, nothing of the library between. */
export class BareMachines {
  constructor(ec2, home) {
    this.ec2 = ec2
    this.keyFile = join(home, 'bench.pem')
  }

  /** A key pair and a group that lets this computer log in. */
  async prepare() {
    const { KeyMaterial } = await this.ec2.createKeyPair({ KeyName: 'bench', KeyType: 'ed25519' })
    mkdirSync(join(this.keyFile, '..'), { recursive: true })
    writeFileSync(this.keyFile, KeyMaterial, { mode: 0o600 })
    const { GroupId } = await this.ec2.createSecurityGroup({ GroupName: 'bench', Description: 'bench' })
    const open = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
    await this.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [open] })
    this.group = GroupId
  }

  /** -> ids */
  async launch(count) {
    const wanted = { ImageId: 'default', InstanceType: 't3.micro', KeyName: 'bench', SecurityGroupIds: [this.group] }
    const { Instances } = await this.ec2.runInstances({ ...wanted, MinCount: count, MaxCount: count })
    return Instances.map((instance) => instance.InstanceId)
  }

  /** Waits until all are in a state; the local cloud says `running` when sshd listens. -> the instances */
  async inState(ids, state, deadlineMs = 300_000) {
    const until = Date.now() + deadlineMs
    for (;;) {
      const { Reservations } = await this.ec2.describeInstances({ InstanceIds: ids })
      const instances = Reservations.flatMap((reservation) => reservation.Instances)
      if (instances.every((instance) => instance.State.Name === state)) return instances
      if (Date.now() > until) throw new Error(`after ${deadlineMs} ms not all of ${ids.length} are ${state}`)
      await pause(20)
    }
  }

  /** `ssh root@machine true` on each, eight at once: OpenSSH as it comes, but for host keys. */
  async logIn(instances) {
    const queue = [...instances]
    const worker = async () => {
      for (let one = queue.shift(); one; one = queue.shift()) await this.ssh(one.PublicIpAddress)
    }
    await Promise.all(Array.from({ length: 8 }, worker))
  }

  ssh(address) {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'IdentitiesOnly=yes']
    const args = ['-F', 'none', '-i', this.keyFile, '-p', SSH_PORT, ...options.flatMap((option) => ['-o', option])]
    const child = spawn('ssh', [...args, `root@${address}`, 'true'], { stdio: ['ignore', 'ignore', 'inherit'] })
    return new Promise((resolve, reject) =>
      child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`ssh to ${address}: ${code}`)))),
    )
  }
}

import { EC2 } from '@aws-sdk/client-ec2'
import { cliOk } from './cli.js'

/** A client of the local cloud that belongs to a HOME, with the settings that `local env` prints. */
export async function localEc2(env: NodeJS.ProcessEnv): Promise<EC2> {
  const { stdout } = await cliOk(['local', 'env'], { env, timeoutMs: 240_000 })
  const value = (name: string) => new RegExp(`^export ${name}='(.*)'$`, 'm').exec(stdout)?.[1] ?? ''
  return new EC2({
    region: 'local',
    endpoint: value('AWS_ENDPOINT_URL'),
    credentials: { accessKeyId: value('AWS_ACCESS_KEY_ID'), secretAccessKey: value('AWS_SECRET_ACCESS_KEY') },
  })
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeyNotFound } from '../config/errors.js'
import { publicKeyOf } from '../ssh/keys.js'
import type { ClusterDeps } from './deps.js'

/** The private key of a cluster: a file, read when something connects. */
export class ClusterKey {
  private text: string | undefined

  constructor(
    readonly keyname: string,
    /** File of the private key. */
    readonly location: string,
    private readonly region: string,
  ) {}

  /** @throws KeyNotFound saying where the key was looked for */
  privateKey(): string {
    this.text ??= this.read()
    return this.text
  }

  /** In authorized_keys form. */
  async publicKey(): Promise<string> {
    return publicKeyOf(this.privateKey())
  }

  private read(): string {
    try {
      return readFileSync(this.location, 'utf8')
    } catch (cause) {
      throw new KeyNotFound(`the private key of key pair ${this.keyname} cannot be read: ${(cause as Error).message}`, {
        cause,
        hint: `nodes in region ${this.region} were started with this key pair; add to the config: [key ${this.keyname}] with key_location = FILE`,
      })
    }
  }
}

/** Where keys lie that we made ourselves. */
export function ownKeyFile({ paths, region }: Pick<ClusterDeps, 'paths' | 'region'>, keyname: string): string {
  return join(paths.keys, region.name, `${keyname}.pem`)
}

/** The key of an existing cluster, by the name in its tags: a file that was named for it, its `[key]` section, else one we made. */
export function clusterKey(
  deps: Pick<ClusterDeps, 'paths' | 'region' | 'config'>,
  keyname: string,
  file?: string,
): ClusterKey {
  const location = file ?? deps.config().keys.get(keyname)?.keyLocation ?? ownKeyFile(deps, keyname)
  return new ClusterKey(keyname, location, deps.region.name)
}

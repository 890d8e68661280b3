import { StarClusterError } from '../errors.js'
import { didYouMean } from '../nearest.js'

export class ClusterDoesNotExist extends StarClusterError {
  readonly code = 'ClusterDoesNotExist'
  constructor(tag: string, region: string, active: readonly string[]) {
    super(`cluster ${tag} does not exist in region ${region}${didYouMean(tag, active)}`, {
      hint:
        active.length > 0
          ? `active clusters: ${active.join(', ')}`
          : `there is no cluster in this region; "starcluster start ${tag}" starts one, -r names another region`,
    })
  }
}

export class ClusterExists extends StarClusterError {
  readonly code = 'ClusterExists'
}

/** Why a name is taken: by a running cluster, by a stopped one, or by what an interrupted start left. */
export function clusterExists(tag: string, states: readonly string[]): ClusterExists {
  const other = 'choose another name, or'
  if (states.length === 0) {
    const why = 'another start of it is under way, or was interrupted'
    return new ClusterExists(`cluster ${tag} exists already, but has no nodes yet: ${why}`, {
      hint: `if it was interrupted, go on with "starcluster start -x ${tag}", or clean up with "starcluster terminate ${tag}"`,
    })
  }
  if (states.every((state) => state === 'stopped' || state === 'stopping')) {
    return new ClusterExists(`cluster ${tag} exists already and is stopped`, {
      hint: `resume it with "starcluster start -x ${tag}"; ${other} "starcluster terminate ${tag}" (deletes its disks)`,
    })
  }
  return new ClusterExists(
    `cluster ${tag} exists already, with ${states.length} ${states.length === 1 ? 'node' : 'nodes'}`,
    {
      hint: `configure it again with "starcluster start -x ${tag}"; ${other} "starcluster terminate ${tag}" (deletes its disks)`,
    },
  )
}

export class ClusterValidationError extends StarClusterError {
  readonly code: string = 'ClusterValidationError'
}

export class InvalidClusterTag extends ClusterValidationError {
  override readonly code = 'InvalidClusterTag'
}

export class InvalidZone extends ClusterValidationError {
  override readonly code = 'InvalidZone'
}

export class InvalidDevice extends ClusterValidationError {
  override readonly code = 'InvalidDevice'
}

export class InvalidPartition extends ClusterValidationError {
  override readonly code = 'InvalidPartition'
}

export class InvalidProtocol extends ClusterValidationError {
  override readonly code = 'InvalidProtocol'
}

export class InvalidPortRange extends ClusterValidationError {
  override readonly code = 'InvalidPortRange'
}

export class InvalidCIDRSpecified extends ClusterValidationError {
  override readonly code = 'InvalidCIDRSpecified'
}

export class VolumesZoneError extends ClusterValidationError {
  override readonly code = 'VolumesZoneError'
}

export class MasterDoesNotExist extends ClusterValidationError {
  override readonly code = 'MasterDoesNotExist'
  constructor(tag: string) {
    super(`cluster ${tag} has no master`, {
      hint: `it was killed or never launched; clean up with "starcluster terminate ${tag}"`,
    })
  }
}

export class NoClusterNodesFound extends ClusterValidationError {
  override readonly code = 'NoClusterNodesFound'
}

export class NoClusterSpotRequests extends ClusterValidationError {
  override readonly code = 'NoClusterSpotRequests'
}

/** A node that took the place of one that did not answer does not answer either. */
export class ReplacementFailed extends StarClusterError {
  readonly code = 'ReplacementFailed'
  constructor(tag: string, names: string, cause: Error) {
    super(`${names} of cluster ${tag} did not answer, was launched again, and still cannot be used: ${cause.message}`, {
      cause,
      hint: `"starcluster start -x ${tag}" tries to go on, "starcluster terminate ${tag}" removes the cluster`,
    })
  }
}

export class ClusterNotRunning extends StarClusterError {
  readonly code = 'ClusterNotRunning'
}

export class IncompatibleCluster extends StarClusterError {
  readonly code = 'IncompatibleCluster'
  constructor(tag: string, why: string) {
    super(`cluster ${tag} cannot be read: ${why}`, {
      hint: `it was made by another program or version, or its tags were changed; "starcluster terminate --force ${tag}" removes it`,
    })
  }
}

/** A start that was stopped by Ctrl-C or an outer signal. */
export class CancelledStartRequest extends StarClusterError {
  readonly code = 'CancelledStartRequest'
  constructor(tag: string, { doing, launched, cause }: { doing: string; launched: boolean; cause: unknown }) {
    super(
      `the start of cluster ${tag} was interrupted while ${doing}; ${launched ? 'its nodes may be running' : 'nothing was launched'}`,
      {
        cause,
        hint: launched
          ? `go on with "starcluster start -x ${tag}", or clean up with "starcluster terminate ${tag}"`
          : `"starcluster start ${tag}" starts it again`,
      },
    )
  }
}

/** Any other act that was stopped by Ctrl-C or an outer signal. */
export class CancelledRequest extends StarClusterError {
  readonly code = 'CancelledRequest'
  constructor(what: string, cause: unknown, hint = 'the same command again goes on where it stopped') {
    super(`${what} was interrupted`, { cause, hint })
  }
}

/** Hooks of plugins failed; what they were called for was done all the same. The message tells each. */
export class HooksFailed extends StarClusterError {
  readonly code = 'HooksFailed'
  constructor(
    what: string,
    readonly failures: readonly unknown[],
    hint: string,
  ) {
    const told = failures.map((error) => (error instanceof Error ? error.message : String(error)))
    super(`${what}\n${told.join('\n')}`, { hint, cause: failures[0] })
  }
}

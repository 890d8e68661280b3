import { StarClusterError } from '../errors.js'
import { didYouMean } from '../nearest.js'
import { localTime } from './lifetime-text.js'

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

/** True for an end that has come. */
export const hasEnded = (ends: Date | undefined): ends is Date => ends !== undefined && ends.getTime() <= Date.now()

/**
 * Why a name is taken: by a running cluster, by a stopped one, or by what is left of one that ended by itself or of an
 * interrupted start.
 * @param ends when it was to end by itself
 */
export function clusterExists(tag: string, states: readonly string[], ends?: Date): ClusterExists {
  const other = 'choose another name, or'
  if (states.length === 0 && hasEnded(ends)) {
    return new ClusterExists(
      `cluster ${tag} ended by itself at ${localTime(ends)}, the end of its ttl; its nodes are gone`,
      {
        hint: `"starcluster terminate ${tag}" removes what is left of it, then "starcluster start ${tag}" starts it anew`,
      },
    )
  }
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

/** A node that was to take the place of one that did not answer could not be launched, or does not answer either. */
export class ReplacementFailed extends StarClusterError {
  readonly code = 'ReplacementFailed'
  /** @param others whether the cluster has nodes besides, from before */
  constructor(tag: string, names: string, others: boolean, cause: Error) {
    const giveUp = others
      ? `the nodes that were there before are as they were`
      : `"starcluster terminate ${tag}" removes the cluster`
    super(`${names} of cluster ${tag} did not answer, and launched again cannot be used either: ${cause.message}`, {
      cause,
      hint: `"starcluster start -x ${tag}" tries to go on, ${giveUp}`,
    })
  }
}

/** Another program adds nodes with the same names at the same time, and was faster. */
export class AddedElsewhere extends StarClusterError {
  readonly code = 'AddedElsewhere'
  constructor(tag: string, names: string) {
    super(`another command is adding ${names} to cluster ${tag} at this moment; nothing was launched`, {
      hint: 'the same command again, once that one is done, adds the next ones; -a names others',
    })
  }
}

/** What would destroy something of a protected cluster. */
export class ClusterProtected extends StarClusterError {
  readonly code = 'ClusterProtected'
  constructor(tag: string, cause?: unknown) {
    super(`cluster ${tag} is protected: nothing of it is terminated`, {
      cause,
      hint: `"starcluster protect --off ${tag}" lifts that`,
    })
  }
}

/** Nodes could not be told the new end of their cluster. */
export class EndNotTold extends StarClusterError {
  readonly code = 'EndNotTold'
  constructor(tag: string, nodes: string, cause: Error) {
    super(
      `the new end of cluster ${tag} is recorded, but ${nodes} could not be told and may keep the old one: ${cause.message}`,
      {
        cause,
        hint: `once they answer, the same command again tells them; "starcluster removenode -f ${tag} NODE" removes one that never will`,
      },
    )
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

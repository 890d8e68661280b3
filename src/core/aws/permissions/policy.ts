import { clusterTagKey } from '../../node/instance-view.js'
import { actionsUsed, type Scope } from './actions.js'

/** A policy document of IAM. */
export interface IamPolicy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly IamStatement[]
}

interface IamStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: '*'
  readonly Condition?: Condition
}

type Condition = Readonly<Record<string, Readonly<Record<string, string>>>>

const statements: Readonly<Record<Scope, { readonly sid: string; readonly condition?: Condition }>> = {
  everything: { sid: 'LookAndMake' },
  made: { sid: 'TagWhatIsMade', condition: { Null: { 'ec2:CreateAction': 'false' } } },
  groups: { sid: 'ChangeClusters', condition: { StringLike: { 'aws:ResourceTag/starcluster:version': '*' } } },
  members: { sid: 'ChangeNodes', condition: { StringLike: { [`aws:ResourceTag/${clusterTagKey}`]: '*' } } },
  role: { sid: 'GiveNodesARole', condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } } },
  spot: { sid: 'FirstSpotInstance', condition: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } } },
}

/**
 * The least that a user of this program must be allowed, with all of its commands. What ends, stops or opens something is
 * allowed only for what carries the tags of a cluster.
 */
export function iamPolicy(): IamPolicy {
  const Statement = Object.entries(statements).map(([scope, { sid, condition }]): IamStatement => {
    const Action = actionsUsed.filter((use) => use.scope === scope).map(({ action }) => action)
    const when = condition === undefined ? {} : { Condition: condition }
    return { Sid: sid, Effect: 'Allow', Action: Action.toSorted(), Resource: '*', ...when }
  })
  return { Version: '2012-10-17', Statement }
}

/** What plugins import as 'starcluster'. Re-exports only; src/index.ts adds the composition. */
export type { AwsClients } from './core/aws/clients.js'
export * from './core/aws/errors.js'
export { type IamPolicy, iamPolicy } from './core/aws/permissions/policy.js'
export {
  type DiskState,
  type RegionCredentials,
  type RegionDisks,
  RegionDoesNotExist,
  type RegionEndpoint,
  type RegionEntry,
  RegionRegistry,
} from './core/aws/region.js'
export { ClusterChanges } from './core/changes/cluster-changes.js'
export type { Change, NodeChanges } from './core/changes/node-changes.js'
export type { AddNodesOptions } from './core/cluster/add-nodes.js'
export { type ConfigFinding, checkConfig } from './core/cluster/check-config.js'
export { Cluster } from './core/cluster/cluster.js'
export { ClusterManager } from './core/cluster/cluster-manager.js'
export { type CopyOptions, TransferInterrupted } from './core/cluster/copy.js'
export type { CopyProgress } from './core/cluster/copy-totals.js'
export * from './core/cluster/errors.js'
export { type ExecOptions, largestStatus, type NodeOutcome } from './core/cluster/exec.js'
export { type Lifetime, lengthText, lifetimeProblem, localTime } from './core/cluster/lifetime-text.js'
export type { ClusterListing } from './core/cluster/listing.js'
export { configExists, type NewConfig, writeNewConfig } from './core/cluster/new-config.js'
export { ParallelView, ViewResults } from './core/cluster/parallel-view.js'
export type { StartPreview } from './core/cluster/preview.js'
export { SeveralProblems } from './core/cluster/problems.js'
export { nodesToRemove, type RemoveNodesOptions } from './core/cluster/remove-nodes.js'
export type { RunPluginOptions } from './core/cluster/run-plugin.js'
export {
  type ClusterSnapshot,
  SnapshotDoesNotExist,
  SnapshotLacksNodes,
  SnapshotsUnavailable,
} from './core/cluster/snapshots.js'
export type { StartOptions, StartOverrides } from './core/cluster/start-options.js'
export { describeTermination, type TerminatePlan } from './core/cluster/terminate-plan.js'
export * from './core/config/index.js'
export { type CostGroup, type CostItem, type CostReport, currentCost } from './core/cost/cost.js'
export { hoursPerMonth, priceSource } from './core/cost/prices.js'
export type { DoctorCheck } from './core/doctor/check.js'
export { isStarClusterError, StarClusterError } from './core/errors.js'
export type { Leftover } from './core/leftovers/leftover.js'
export { addSecret, configureLog, type Logger, log, redact, screenLevel, setScreenLevel } from './core/log.js'
export { didYouMean, nearest } from './core/nearest.js'
export * from './core/node/errors.js'
export type { SshTarget, SshTargetOptions } from './core/node/login.js'
export { Node } from './core/node/node.js'
export { currentSignal, setAmbientSignal, withSignal } from './core/node/run-signal.js'
export { type StarClusterPaths, starclusterPaths } from './core/paths.js'
export type { Rehearsal, RehearsalOptions, RehearsalProgress } from './core/rehearsal/rehearse.js'
export type { StepResult } from './core/rehearsal/step.js'
export type { TestFailure, TestResult, TestRun } from './core/rehearsal/test-run.js'
export * from './core/resources/index.js'
export type { PluginDescription, SettingDescription } from './core/setup/catalogue.js'
export {
  ClusterSetup,
  isClusterSetup,
  type SetupContext,
  type Volume,
  type Volumes,
} from './core/setup/cluster-setup.js'
export { DefaultClusterSetup } from './core/setup/default-cluster-setup.js'
export { type Hours, type Milliseconds, type Minutes, parseDuration, type Seconds } from './core/setup/durations.js'
export { type LoadedPlugin, PluginLoader, type ReloadedPlugin } from './core/setup/loader.js'
export { NewPluginRefused, writeNewPlugin } from './core/setup/new-plugin.js'
export * from './core/setup/plugin-errors.js'
export { SshClient } from './core/ssh/client.js'
export { CommandResult } from './core/ssh/command-result.js'
export * from './core/ssh/errors.js'
export { FanOutError, onEach } from './core/ssh/fan-out.js'
export { foldNodeNames, foldOutputs } from './core/ssh/fold.js'
export { ec2Fingerprints, generateKeyPair, type KeyPair, publicKeyOf } from './core/ssh/keys.js'
export { type CommandObserver, type ObservedCommand, type ObservedCourse, observeCommands } from './core/ssh/observe.js'
export { type Command, quote, ShellCommand, sh } from './core/ssh/quote.js'
export type { RemoteFile, RemoteFileMode } from './core/ssh/remote-file.js'
export type { Terminal, TerminalWindow } from './core/ssh/terminal.js'
export type { TransferOptions, TransferProgress } from './core/ssh/transfer.js'
export { WaitTimeoutError, waitFor } from './core/wait.js'

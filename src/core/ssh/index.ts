export { SshClient, type SshClientOptions } from './client.js'
export { CommandResult } from './command-result.js'
export { type ConsoleHostKeys, parseConsoleHostKeys } from './console-host-keys.js'
export * from './errors.js'
export type { ExecuteOptions } from './execute.js'
export { FanOutError, type FanOutOptions, onEach } from './fan-out.js'
export type { WriteFileOptions } from './file-content.js'
export { foldNodeNames, foldOutputs, unfoldNodeNames } from './fold.js'
export {
  formatHostKey,
  type HostKey,
  type HostKeyVerifier,
  md5Fingerprint,
  parseHostKey,
  sha256Fingerprint,
} from './host-keys.js'
export { ec2Fingerprints, generateKeyPair, type KeyPair, publicKeyBlob, publicKeyOf } from './keys.js'
export { KnownHosts, type PinnedOptions } from './known-hosts.js'
export { hashHostName, knownHostsName } from './known-hosts-line.js'
export { type Command, commandText, quote, ShellCommand, type ShellValue, sh } from './quote.js'
export { RemoteFile, type RemoteFileMode } from './remote-file.js'
export { type SshCommandLineOptions, sshCommandLine } from './system-ssh.js'
export type { TransferOptions, TransferProgress } from './transfer.js'

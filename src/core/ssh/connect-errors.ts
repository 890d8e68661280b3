import { SSHAuthException, SSHConnectionError, type SSHError, SSHNoCredentialsError } from './errors.js'

interface Where {
  readonly name: string
  readonly username: string
  readonly host: string
  readonly port: number
}

/** Why a connection could not be made, in words. */
export function connectError(target: Where, error: Error & { level?: string; code?: string }): SSHError {
  const where = `${target.name}: ssh to ${target.username}@${target.host}:${target.port}`
  if (error.level === 'client-authentication')
    return new SSHAuthException(`${where}: the server refused the key`, {
      cause: error,
      hint: 'the node was started with another key pair, or this user does not accept it',
    })
  const reason =
    error.code === 'ECONNREFUSED' ? 'connection refused (sshd does not listen yet, or no longer)' : error.message
  return new SSHConnectionError(`${where}: ${reason}`, {
    cause: error,
    hint: 'a node that was just started or rebooted needs a moment: try again; "starcluster listclusters -s" shows ssh',
  })
}

/** ssh2 could not use the private key it was given. */
export function isKeyProblem(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /Cannot parse privateKey|Encrypted private|no passphrase|privateKey value/i.test(error.message)
  )
}

export function keyError(target: Pick<Where, 'name'>, cause: Error): SSHNoCredentialsError {
  return new SSHNoCredentialsError(`${target.name}: the private key cannot be used: ${cause.message}`, {
    cause,
    hint: 'give an unencrypted OpenSSH or PEM private key; ssh-keygen -p takes a passphrase away',
  })
}

/** The same error with what is to be done about it, where somebody knows why nothing answers. */
export async function withReason(
  { whyUnreachable }: { readonly whyUnreachable?: () => Promise<string | undefined> },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof SSHConnectionError)) return error
  const hint = await whyUnreachable?.()
  return hint === undefined ? error : new SSHConnectionError(error.message, { cause: error.cause, hint })
}

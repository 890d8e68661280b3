import type { SFTPWrapper } from 'ssh2'
import { RemoteFileError } from './errors.js'
import type { RemoteHost } from './remote-host.js'

type Done<T> = (error: Error | null | undefined, value: T) => void

/** One request over the node's sftp session, as a promise. @throws RemoteFileError, SSHConnectionError */
export async function sftpCall<T = void>(
  host: RemoteHost,
  path: string,
  request: (sftp: SFTPWrapper, done: Done<T>) => unknown,
): Promise<T> {
  const sftp = await host.sftp()
  try {
    return await new Promise<T>((resolve, reject) => {
      request(sftp, (error, value) => (error ? reject(error) : resolve(value)))
    })
  } catch (error) {
    throw remoteFileError(host.name, path, error)
  }
}

export const NO_SUCH_FILE = 2

export function isMissing(error: unknown): boolean {
  return error instanceof RemoteFileError && error.status === NO_SUCH_FILE
}

function remoteFileError(name: string, path: string, cause: unknown): RemoteFileError {
  const { code, message } = cause as { code?: unknown; message?: string }
  const status = typeof code === 'number' ? code : undefined
  return new RemoteFileError(
    name,
    path,
    status,
    status === NO_SUCH_FILE ? 'no such file or directory' : (message ?? ''),
    {
      cause,
    },
  )
}

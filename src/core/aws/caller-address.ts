import { isIPv4 } from 'node:net'
import { StarClusterError } from '../errors.js'
import { deadlineSignal, WaitTimeoutError } from '../wait.js'

/** AWS's own answer to "which address do you see me at". */
const CHECK_IP = 'https://checkip.amazonaws.com'

/** Where AWS sees this computer, as a range of one address. @throws OwnAddressUnknown */
export async function callerCidr(signal?: AbortSignal, url = CHECK_IP): Promise<string> {
  const what = 'the own public address'
  const deadline = deadlineSignal(10_000, new WaitTimeoutError(what, 10_000), signal)
  try {
    const response = await fetch(url, { signal: deadline.signal })
    const address = (await response.text()).trim()
    if (!response.ok || !isIPv4(address)) throw new Error(`it answered ${response.status} ${address.slice(0, 40)}`)
    return `${address}/32`
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new OwnAddressUnknown(cause)
  } finally {
    deadline.release()
  }
}

export class OwnAddressUnknown extends StarClusterError {
  readonly code = 'OwnAddressUnknown'
  constructor(cause: unknown) {
    const why =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause)
    super(`ssh is opened to your own address only, and ${CHECK_IP} did not tell it: ${why}`, {
      cause,
      hint: 'say in the template who may reach ssh: ssh_cidr = 198.51.100.7/32, or 0.0.0.0/0 for everybody',
    })
  }
}

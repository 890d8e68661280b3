import { randomUUID } from 'node:crypto'
import type { ServiceHandler } from '../cloud.js'
import { profileId } from '../profile-id.js'
import { errorResponse } from '../server/error-response.js'

/** STS: who am I. Root of the one account, or an instance in its role. Source: STS API reference, GetCallerIdentity. */
export const handleSts: ServiceHandler = async (request, cloud) => {
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'))
  const action = form.get('Action') ?? request.query.get('Action') ?? ''
  const requestId = randomUUID()
  if (action !== 'GetCallerIdentity') {
    const message = `The local cloud has no action ${JSON.stringify(action)} in STS.`
    return errorResponse('sts', { code: 'InvalidAction', status: 400, message }, requestId)
  }
  const { accountId } = cloud
  const { session } = request
  const arn = session
    ? `arn:aws:sts::${accountId}:assumed-role/${session.role}/${session.name}`
    : `arn:aws:iam::${accountId}:root`
  const userId = session ? `${profileId('AROA', session.role)}:${session.name}` : accountId
  return {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body:
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${accountId}</Account>` +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>',
  }
}

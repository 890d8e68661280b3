import type { AwsService } from '../auth/auth-error.js'
import type { CloudResponse } from '../cloud.js'

/** A failure in the form that the service's clients read. */
export function errorResponse(
  service: AwsService,
  failure: { code: string; status: number; message: string; details?: Readonly<Record<string, string>> },
  requestId: string,
): CloudResponse {
  if (service === 'ssm') return jsonError(failure, requestId)
  const code = `<Code>${escapeXml(failure.code)}</Code><Message>${escapeXml(failure.message)}</Message>`
  const details = Object.entries(failure.details ?? {}).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
  const bodies = {
    ec2: `<Response><Errors><Error>${code}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    sts:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
      `<Error><Type>Sender</Type>${code}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    s3: `<Error>${code}${details.join('')}<RequestId>${requestId}</RequestId><HostId>local</HostId></Error>`,
  }
  return {
    status: failure.status,
    headers: { 'content-type': service === 's3' ? 'application/xml' : 'text/xml;charset=UTF-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${bodies[service]}`,
  }
}

/** Source: AWS JSON 1.1 protocol, "Operation error serialization" (smithy.io). */
function jsonError(failure: { code: string; status: number; message: string }, requestId: string): CloudResponse {
  const body = { __type: failure.code, ...(failure.message === '' ? {} : { message: failure.message }) }
  const headers = { 'content-type': JSON_TYPE, 'x-amzn-requestid': requestId }
  return { status: failure.status, headers, body: JSON.stringify(body) }
}

export const JSON_TYPE = 'application/x-amz-json-1.1'

/** Text for XML; control characters, which S3 keys may hold, as references. */
export function escapeXml(text: string): string {
  return text.replace(
    /[&<>"'\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g,
    (c) => NAMED[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`,
  )
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

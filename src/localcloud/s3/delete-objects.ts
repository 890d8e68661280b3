import type { CloudResponse } from '../cloud.js'
import { bucketOf, type S3Context } from './context.js'
import { malformedXml } from './errors.js'
import { filesOf, objectSlot } from './state.js'
import { elementTexts, unescapeXml, type XmlElement, xmlAnswer } from './xml.js'

/** Up to 1000 keys at once, one commit. Source: S3 API reference, DeleteObjects. */
export async function deleteObjects(context: S3Context): Promise<CloudResponse> {
  const bucket = bucketOf(context)
  const xml = Buffer.from(context.request.body).toString('utf8')
  const keys = elementTexts(xml, 'Object').map((object) => elementTexts(object, 'Key')[0])
  if (keys.length === 0 || keys.length > 1000) throw malformedXml()
  const quiet = elementTexts(xml, 'Quiet')[0]?.trim() === 'true'
  const files: string[] = []
  const deleted: XmlElement[] = []
  for (const escaped of keys) {
    if (escaped === undefined) throw malformedXml()
    const key = unescapeXml(escaped)
    const object = bucket.objects[objectSlot(key)]
    files.push(...filesOf(object))
    delete bucket.objects[objectSlot(key)]
    deleted.push(['Deleted', [['Key', key]]])
  }
  if (files.length > 0) await context.blobs.discardAfter(() => context.cloud.commit(), files)
  return xmlAnswer('DeleteResult', quiet ? [] : deleted)
}

/** A refusal with S3's code. Source: Amazon S3 API reference, "Error responses". */
export class S3Error extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly details: Readonly<Record<string, string>> = {},
    /** Headers of the answer, for the ones that have a say (ETag of a 304, Content-Range of a 416). */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'S3Error'
  }
}

export const noSuchBucket = (bucket: string) =>
  new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: bucket })

export const noSuchKey = (key: string) =>
  new S3Error('NoSuchKey', 404, 'The specified key does not exist.', { Key: key })

export const invalidArgument = (name: string, value: string, message = `Provided ${name} is not valid`) =>
  new S3Error('InvalidArgument', 400, message, { ArgumentName: name, ArgumentValue: value })

export const malformedXml = () =>
  new S3Error('MalformedXML', 400, 'The XML you provided was not well-formed or did not validate against our schema')

export const notImplemented = (what: string) =>
  new S3Error('NotImplemented', 501, `The local cloud's S3 has no ${what}.`)

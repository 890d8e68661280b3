export type AwsService = 'ec2' | 's3' | 'sts' | 'ssm'

/** A request that is refused before any service sees it. The server writes it in the service's own form. */
export class AuthError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    /** More members of an S3 error, e.g. the region that would have been right. */
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'AuthError'
  }
}

/** The same three failures have different names in each service; these are the ones real AWS answers. */
export const authFailures = {
  notSigned: (service: AwsService) =>
    service === 's3'
      ? new AuthError('AccessDenied', 403, 'Access Denied')
      : service === 'ssm'
        ? new AuthError('MissingAuthenticationTokenException', 400, 'Request is missing Authentication Token')
        : new AuthError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token'),

  unknownKey: (service: AwsService) =>
    ({
      ec2: new AuthError('AuthFailure', 401, NOT_VALIDATED),
      sts: new AuthError('InvalidClientTokenId', 403, 'The security token included in the request is invalid.'),
      ssm: new AuthError('UnrecognizedClientException', 400, 'The security token included in the request is invalid.'),
      s3: new AuthError('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'),
    })[service],

  wrongSignature: (service: AwsService) =>
    service === 'ec2'
      ? new AuthError('AuthFailure', 401, NOT_VALIDATED)
      : new AuthError(
          ...wrongSignatureName(service),
          'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        ),

  skewed: (service: AwsService, requestTime: string) =>
    ({
      ec2: new AuthError('RequestExpired', 400, `Request has expired. The request's time is ${requestTime}.`),
      ssm: new AuthError('InvalidSignatureException', 400, `Signature not yet current or expired: ${requestTime}`),
      sts: new AuthError('SignatureDoesNotMatch', 403, `Signature not yet current or expired: ${requestTime}`),
      s3: new AuthError(
        'RequestTimeTooSkewed',
        403,
        'The difference between the request time and the current time is too large.',
      ),
    })[service],

  malformed: (service: AwsService, message: string, details = {}) =>
    service === 's3'
      ? new AuthError('AuthorizationHeaderMalformed', 400, message, details)
      : new AuthError(service === 'ssm' ? 'IncompleteSignatureException' : 'IncompleteSignature', 400, message),

  wrongRegion: (service: AwsService, region: string, expected: string) =>
    service === 's3'
      ? authFailures.malformed('s3', wrongRegionText(region, expected), { Region: expected })
      : new AuthError(
          ...wrongSignatureName(service),
          `Credential should be scoped to a valid region, not '${region}'.`,
        ),
}

const wrongSignatureName = (service: AwsService): [code: string, status: number] =>
  service === 'ssm' ? ['InvalidSignatureException', 400] : ['SignatureDoesNotMatch', 403]

const wrongRegionText = (region: string, expected: string) =>
  `The authorization header is malformed; the region '${region}' is wrong; expecting '${expected}'`

const NOT_VALIDATED = 'AWS was not able to validate the provided access credentials'

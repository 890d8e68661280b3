import { AwsError } from '../protocol/aws-error.js'

/**
 * Ends a request that only asked whether it would succeed. Called when everything that can be wrong with the request
 * was looked at and nothing is changed yet. HTTP status 412, as EC2.
 * Source: EC2 API reference, "Error codes", DryRunOperation.
 */
export function endDryRun(input: { readonly DryRun?: boolean | undefined }): void {
  if (input.DryRun) throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
}

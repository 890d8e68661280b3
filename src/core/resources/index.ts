/** Single resources of a region: listed, made, removed. Each concept is a file beside this one. */
export { type BucketListing, listBuckets, type ObjectListing, showBucket } from './buckets.js'
export { type CopiedImage, type CopyImageOptions, copyImage } from './copy-image.js'
export { type CreateImageOptions, createImage } from './create-image.js'
export { type CreatedKey, type CreateKeyOptions, createKey } from './create-key.js'
export { type CreateVolumeOptions, createVolume } from './create-volume.js'
export type { ResourceDeps } from './deps.js'
export {
  BucketDoesNotExist,
  InvalidImageName,
  KeyFileRefused,
  KeyPairAlreadyExists,
  KeyPairDoesNotExist,
  NoLongerAvailable,
  SpotHistoryError,
} from './errors.js'
export { type ImageListing, listImages } from './images.js'
export { findInstance, type InstanceListing, listInstances, showConsole } from './instances.js'
export {
  type KeyPairListing,
  type KeyPairUse,
  keyPairUse,
  listKeyPairs,
  removeKeyPair,
} from './key-pairs.js'
export { type PublicImage, type PublicImageOptions, searchPublicImages } from './public-images.js'
export { listRegions, listZones, type RegionListing, type ZoneListing } from './regions.js'
export { type ImageUse, imageUse, removeImage } from './remove-image.js'
export { removableVolume, removeVolume } from './remove-volume.js'
export { type ResizedVolume, resizeVolume } from './resize-volume.js'
export { type SpotHistory, type SpotHistoryOptions, spotHistory, type ZonePrices } from './spot-history.js'
export { listSpotRequests, type SpotRequestListing } from './spot-requests.js'
export { listVolumes, type VolumeFilters, type VolumeListing } from './volumes.js'
export type { Waiting } from './waiting.js'

import {
  AssociateIamInstanceProfile$,
  AttachVolume$,
  AuthorizeSecurityGroupEgress$,
  AuthorizeSecurityGroupIngress$,
  CancelSpotInstanceRequests$,
  CopyImage$,
  CopySnapshot$,
  CreateImage$,
  CreateKeyPair$,
  CreatePlacementGroup$,
  CreateSecurityGroup$,
  CreateSnapshot$,
  CreateSnapshots$,
  CreateTags$,
  CreateVolume$,
  DeleteKeyPair$,
  DeletePlacementGroup$,
  DeleteSecurityGroup$,
  DeleteSnapshot$,
  DeleteTags$,
  DeleteVolume$,
  DeregisterImage$,
  DescribeAccountAttributes$,
  DescribeAvailabilityZones$,
  DescribeIamInstanceProfileAssociations$,
  DescribeImageAttribute$,
  DescribeImages$,
  DescribeInstanceAttribute$,
  DescribeInstanceStatus$,
  DescribeInstances$,
  DescribeInstanceTypeOfferings$,
  DescribeInstanceTypes$,
  DescribeKeyPairs$,
  DescribePlacementGroups$,
  DescribeRegions$,
  DescribeSecurityGroupRules$,
  DescribeSecurityGroups$,
  DescribeSnapshots$,
  DescribeSpotInstanceRequests$,
  DescribeSpotPriceHistory$,
  DescribeTags$,
  DescribeVolumeAttribute$,
  DescribeVolumeStatus$,
  DescribeVolumes$,
  DescribeVolumesModifications$,
  DetachVolume$,
  DisassociateIamInstanceProfile$,
  GetConsoleOutput$,
  ImportKeyPair$,
  ModifyImageAttribute$,
  ModifyInstanceAttribute$,
  ModifyInstanceMetadataOptions$,
  ModifyVolume$,
  ModifyVolumeAttribute$,
  RebootInstances$,
  RegisterImage$,
  RequestSpotInstances$,
  ResetImageAttribute$,
  RevokeSecurityGroupEgress$,
  RevokeSecurityGroupIngress$,
  RunInstances$,
  StartInstances$,
  StopInstances$,
  TerminateInstances$,
} from '@aws-sdk/client-ec2'
import type { QueryAction } from '../protocol/query-service.js'
import { reads, writes } from './action.js'
import { copyImage, createImage, deregisterImage } from './images/actions.js'
import { describeImageAttribute, modifyImageAttribute, resetImageAttribute } from './images/attributes.js'
import { describeImages } from './images/images.js'
import { registerImage } from './images/register-image.js'
import { describeInstanceTypeOfferings, describeInstanceTypes } from './instance-types/actions.js'
import { describeInstanceAttribute, modifyInstanceAttribute } from './instances/attributes.js'
import { rebootInstances, startInstances, stopInstances, terminateInstances } from './instances/change-state.js'
import { getConsoleOutput } from './instances/console-output.js'
import { describeInstances } from './instances/describe-instances.js'
import { describeInstanceStatus } from './instances/instance-status.js'
import { modifyInstanceMetadataOptions } from './instances/modify-metadata-options.js'
import { runInstances } from './instances/run-instances.js'
import { createKeyPair, deleteKeyPair, describeKeyPairs, importKeyPair } from './key-pairs/actions.js'
import { createPlacementGroup, deletePlacementGroup, describePlacementGroups } from './placement-groups/actions.js'
import {
  associateIamInstanceProfile,
  describeIamInstanceProfileAssociations,
  disassociateIamInstanceProfile,
} from './profiles/actions.js'
import { createSecurityGroup, deleteSecurityGroup, describeSecurityGroups } from './security-groups/groups.js'
import {
  authorizeSecurityGroupEgress,
  authorizeSecurityGroupIngress,
  describeSecurityGroupRules,
  revokeSecurityGroupEgress,
  revokeSecurityGroupIngress,
} from './security-groups/rules.js'
import { copySnapshot, createSnapshot, createSnapshots } from './snapshots/create-snapshot.js'
import { deleteSnapshot, describeSnapshots } from './snapshots/describe-snapshots.js'
import { cancelSpotInstanceRequests, describeSpotInstanceRequests, requestSpotInstances } from './spot/actions.js'
import { describeSpotPriceHistory } from './spot/price-history.js'
import { createTags, deleteTags, describeTags } from './tags/actions.js'
import { attachVolume, detachVolume } from './volumes/attach-volume.js'
import { describeVolumeAttribute, modifyVolumeAttribute } from './volumes/attributes.js'
import { createVolume, deleteVolume } from './volumes/create-volume.js'
import { describeVolumeStatus, describeVolumes } from './volumes/describe-volumes.js'
import { describeVolumesModifications, modifyVolume } from './volumes/modify-volume.js'
import { VPC_ACTIONS } from './vpc/actions.js'
import { describeAccountAttributes, describeAvailabilityZones, describeRegions } from './vpc/regions.js'

/** The actions of EC2 this cloud has. Schemas are named one by one, so that a bundle holds no others. */
export const EC2_ACTIONS: Readonly<Record<string, QueryAction>> = {
  RunInstances: writes(RunInstances$, runInstances),
  DescribeInstances: reads(DescribeInstances$, describeInstances),
  TerminateInstances: writes(TerminateInstances$, terminateInstances),
  RebootInstances: writes(RebootInstances$, rebootInstances),
  StopInstances: writes(StopInstances$, stopInstances),
  StartInstances: writes(StartInstances$, startInstances),
  RequestSpotInstances: writes(RequestSpotInstances$, requestSpotInstances),
  DescribeSpotInstanceRequests: reads(DescribeSpotInstanceRequests$, describeSpotInstanceRequests),
  DescribeSpotPriceHistory: reads(DescribeSpotPriceHistory$, describeSpotPriceHistory),
  CancelSpotInstanceRequests: writes(CancelSpotInstanceRequests$, cancelSpotInstanceRequests),
  GetConsoleOutput: reads(GetConsoleOutput$, getConsoleOutput),
  DescribeInstanceStatus: reads(DescribeInstanceStatus$, describeInstanceStatus),
  DescribeInstanceAttribute: reads(DescribeInstanceAttribute$, describeInstanceAttribute),
  ModifyInstanceAttribute: writes(ModifyInstanceAttribute$, modifyInstanceAttribute),
  ModifyInstanceMetadataOptions: writes(ModifyInstanceMetadataOptions$, modifyInstanceMetadataOptions),
  AssociateIamInstanceProfile: writes(AssociateIamInstanceProfile$, associateIamInstanceProfile),
  DisassociateIamInstanceProfile: writes(DisassociateIamInstanceProfile$, disassociateIamInstanceProfile),
  DescribeIamInstanceProfileAssociations: reads(
    DescribeIamInstanceProfileAssociations$,
    describeIamInstanceProfileAssociations,
  ),
  CreateTags: writes(CreateTags$, createTags),
  DeleteTags: writes(DeleteTags$, deleteTags),
  DescribeTags: reads(DescribeTags$, describeTags),
  CreateKeyPair: writes(CreateKeyPair$, createKeyPair),
  ImportKeyPair: writes(ImportKeyPair$, importKeyPair),
  DescribeKeyPairs: reads(DescribeKeyPairs$, describeKeyPairs),
  DeleteKeyPair: writes(DeleteKeyPair$, deleteKeyPair),
  CreateSecurityGroup: writes(CreateSecurityGroup$, createSecurityGroup),
  DescribeSecurityGroups: reads(DescribeSecurityGroups$, describeSecurityGroups),
  DeleteSecurityGroup: writes(DeleteSecurityGroup$, deleteSecurityGroup),
  AuthorizeSecurityGroupIngress: writes(AuthorizeSecurityGroupIngress$, authorizeSecurityGroupIngress),
  AuthorizeSecurityGroupEgress: writes(AuthorizeSecurityGroupEgress$, authorizeSecurityGroupEgress),
  RevokeSecurityGroupIngress: writes(RevokeSecurityGroupIngress$, revokeSecurityGroupIngress),
  RevokeSecurityGroupEgress: writes(RevokeSecurityGroupEgress$, revokeSecurityGroupEgress),
  DescribeSecurityGroupRules: reads(DescribeSecurityGroupRules$, describeSecurityGroupRules),
  CreateImage: writes(CreateImage$, createImage),
  CopyImage: writes(CopyImage$, copyImage),
  DeregisterImage: writes(DeregisterImage$, deregisterImage),
  RegisterImage: writes(RegisterImage$, registerImage),
  DescribeImages: reads(DescribeImages$, describeImages),
  DescribeImageAttribute: reads(DescribeImageAttribute$, describeImageAttribute),
  ModifyImageAttribute: writes(ModifyImageAttribute$, modifyImageAttribute),
  ResetImageAttribute: writes(ResetImageAttribute$, resetImageAttribute),
  CreateVolume: writes(CreateVolume$, createVolume),
  DeleteVolume: writes(DeleteVolume$, deleteVolume),
  AttachVolume: writes(AttachVolume$, attachVolume),
  DetachVolume: writes(DetachVolume$, detachVolume),
  DescribeVolumes: reads(DescribeVolumes$, describeVolumes),
  DescribeVolumeStatus: reads(DescribeVolumeStatus$, describeVolumeStatus),
  ModifyVolume: writes(ModifyVolume$, modifyVolume),
  DescribeVolumesModifications: reads(DescribeVolumesModifications$, describeVolumesModifications),
  DescribeVolumeAttribute: reads(DescribeVolumeAttribute$, describeVolumeAttribute),
  ModifyVolumeAttribute: writes(ModifyVolumeAttribute$, modifyVolumeAttribute),
  CreateSnapshot: writes(CreateSnapshot$, createSnapshot),
  CreateSnapshots: writes(CreateSnapshots$, createSnapshots),
  CopySnapshot: writes(CopySnapshot$, copySnapshot),
  DescribeSnapshots: reads(DescribeSnapshots$, describeSnapshots),
  DeleteSnapshot: writes(DeleteSnapshot$, deleteSnapshot),
  DescribeInstanceTypes: reads(DescribeInstanceTypes$, describeInstanceTypes),
  DescribeInstanceTypeOfferings: reads(DescribeInstanceTypeOfferings$, describeInstanceTypeOfferings),
  DescribeRegions: reads(DescribeRegions$, describeRegions),
  DescribeAvailabilityZones: reads(DescribeAvailabilityZones$, describeAvailabilityZones),
  CreatePlacementGroup: writes(CreatePlacementGroup$, createPlacementGroup),
  DeletePlacementGroup: writes(DeletePlacementGroup$, deletePlacementGroup),
  DescribePlacementGroups: reads(DescribePlacementGroups$, describePlacementGroups),
  ...VPC_ACTIONS,
  DescribeAccountAttributes: reads(DescribeAccountAttributes$, describeAccountAttributes),
}

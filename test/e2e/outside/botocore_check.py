"""Asks the local cloud as boto3 would, and holds every answer against botocore's own service models.

Usage: botocore_check.py ENDPOINT ACCESS_KEY SECRET_KEY. Prints one JSON document: the actions that were asked, and for each
answer that strays from the model (an element the model does not know, a value that is not of its type) one finding.
"""
import json
import sys
import time
import xml.etree.ElementTree as ET

import boto3
import botocore.exceptions
from botocore.config import Config

endpoint, access, secret = sys.argv[1:4]
asked, findings, wrong_codes = [], [], []


def local_name(tag):
    return tag.rsplit("}", 1)[-1]


def check(shape, element, path):
    kind = shape.type_name
    if kind == "structure":
        members = {}
        for name, member in shape.members.items():
            location = member.serialization.get("name", name)
            members[location] = member
            if member.type_name == "list" and member.serialization.get("flattened"):
                members[member.member.serialization.get("name", location)] = member
        for child in element:
            tag = local_name(child.tag)
            if tag in ("requestId", "ResponseMetadata"):
                continue
            if tag not in members:
                findings.append("%s: <%s> is not in the model" % (path, tag))
                continue
            member = members[tag]
            if member.type_name == "list" and member.serialization.get("flattened"):
                check(member.member, child, path + "/" + tag)
            else:
                check(member, child, path + "/" + tag)
    elif kind == "list":
        wanted = shape.member.serialization.get("name", "member")
        for child in element:
            if local_name(child.tag) != wanted:
                findings.append("%s: <%s> where the model has <%s>" % (path, local_name(child.tag), wanted))
            else:
                check(shape.member, child, path + "[]")
    elif kind in ("integer", "long"):
        int(element.text) if element.text and element.text.lstrip("-").isdigit() else findings.append("%s: %r is no integer" % (path, element.text))
    elif kind == "boolean" and element.text not in ("true", "false"):
        findings.append("%s: %r is no boolean" % (path, element.text))
    elif kind == "timestamp" and not (element.text or "")[:4].isdigit():
        findings.append("%s: %r is no timestamp" % (path, element.text))
    elif kind == "string" and getattr(shape, "enum", None) and element.text and element.text not in shape.enum:
        findings.append("%s: %r is not one of the model's values" % (path, element.text))


def after_call(http_response, parsed, model, **kwargs):
    service = model.service_model.service_name
    asked.append("%s:%s" % (service, model.name))
    if http_response.status_code >= 300 or model.output_shape is None or model.has_streaming_output or not http_response.content.startswith(b"<"):
        return
    root = ET.fromstring(http_response.content)
    if service == "sts":
        root = next(e for e in root if local_name(e.tag).endswith("Result"))
    check(model.output_shape, root, model.name)


session = boto3.session.Session(access, secret, region_name="local")
config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})


def client(service, **extra):
    made = session.client(service, endpoint_url=endpoint, config=config, **extra)
    made.meta.events.register("after-call." + service, after_call)
    return made


def refused(code, call, **arguments):
    """The call must fail with exactly this code of AWS's."""
    try:
        call(**arguments)
        wrong_codes.append("%s: was accepted, expected %s" % (call.__name__, code))
    except botocore.exceptions.ClientError as error:
        got = error.response["Error"]["Code"]
        if got != code:
            wrong_codes.append("%s: %s, expected %s" % (call.__name__, got, code))


def wait(ec2, instance, state, seconds=120):
    deadline = time.time() + seconds
    while time.time() < deadline:
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        if found["State"]["Name"] == state:
            return found
        time.sleep(0.2)
    raise SystemExit("instance %s is not %s after %s s" % (instance, state, seconds))


def wait_volume(ec2, volume, state, seconds=120):
    deadline = time.time() + seconds
    while time.time() < deadline:
        found = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]
        if found["State"] == state and all(a["State"] == "attached" for a in found["Attachments"]):
            return found
        time.sleep(0.2)
    raise SystemExit("volume %s is not %s after %s s" % (volume, state, seconds))


ec2, s3, sts = client("ec2"), client("s3"), client("sts")

# Who and where
account = sts.get_caller_identity()["Account"]
ec2.describe_regions()
zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
ec2.describe_subnets()
ec2.describe_instance_types(InstanceTypes=["t3.small"])
ec2.describe_spot_price_history(InstanceTypes=["t3.small"], MaxResults=5)
image = ec2.describe_images(Owners=["self", "amazon"])["Images"][0]["ImageId"]

# Keys
pem = ec2.create_key_pair(KeyName="made", KeyType="ed25519")["KeyMaterial"]
assert "PRIVATE KEY" in pem
ec2.describe_key_pairs(KeyNames=["made"], IncludePublicKey=True)
public = ec2.describe_key_pairs(KeyNames=["made"], IncludePublicKey=True)["KeyPairs"][0]["PublicKey"]
ec2.import_key_pair(KeyName="imported", PublicKeyMaterial=public.encode())
refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="made")
refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyNames=["nosuch"])
ec2.delete_key_pair(KeyName="imported")

# Security groups
group = ec2.create_security_group(GroupName="outside", Description="from outside", VpcId=vpc)["GroupId"]
rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=rule)
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rule)
ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["outside"]}])
refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName="outside", Description="again", VpcId=vpc)
refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=["sg-0123456789abcdef0"])

# A network of one's own
own = ec2.create_vpc(CidrBlock="10.78.192.0/20")["Vpc"]["VpcId"]
refused("InvalidVpc.Range", ec2.create_vpc, CidrBlock="10.0.0.0/8")
subnet = ec2.create_subnet(VpcId=own, CidrBlock="10.78.192.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
refused("InvalidSubnet.Conflict", ec2.create_subnet, VpcId=own, CidrBlock="10.78.192.0/28")
refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=own, CidrBlock="10.79.0.0/24")
ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=own)
refused("Resource.AlreadyAssociated", ec2.attach_internet_gateway, InternetGatewayId=gateway, VpcId=own)
ec2.describe_internet_gateways(InternetGatewayIds=[gateway])
table = ec2.create_route_table(VpcId=own)["RouteTable"]["RouteTableId"]
other_table = ec2.create_route_table(VpcId=own)["RouteTable"]["RouteTableId"]
association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
everywhere = dict(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
ec2.create_route(GatewayId=gateway, **everywhere)
ec2.replace_route(GatewayId=gateway, **everywhere)
ec2.describe_route_tables(RouteTableIds=[table])
association = ec2.replace_route_table_association(AssociationId=association, RouteTableId=other_table)["NewAssociationId"]
ec2.disassociate_route_table(AssociationId=association)
ec2.delete_route(**everywhere)
refused("InvalidRoute.NotFound", ec2.delete_route, **everywhere)
refused("DependencyViolation", ec2.delete_vpc, VpcId=own)
interface = ec2.create_network_interface(SubnetId=subnet, Description="outside")["NetworkInterface"]["NetworkInterfaceId"]
ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Description={"Value": "changed"})
ec2.describe_network_interface_attribute(NetworkInterfaceId=interface, Attribute="description")
ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[interface], WaiterConfig={"Delay": 1})
refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
ec2.delete_network_interface(NetworkInterfaceId=interface)
refused("InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, NetworkInterfaceIds=[interface])
ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=own)
ec2.delete_internet_gateway(InternetGatewayId=gateway)
for one in (table, other_table):
    ec2.delete_route_table(RouteTableId=one)
ec2.delete_subnet(SubnetId=subnet)
ec2.delete_vpc(VpcId=own)
ec2.create_placement_group(GroupName="outside", Strategy="spread")
refused("InvalidPlacementGroup.Duplicate", ec2.create_placement_group, GroupName="outside", Strategy="spread")

# Instances
launch = dict(ImageId=image, InstanceType="t3.small", KeyName="made", SecurityGroupIds=[group], MinCount=1, MaxCount=1,
              UserData="#!/bin/sh\nexit 0\n", ClientToken="outside-1", Placement={"GroupName": "outside"},
              TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "outside"}]}])
refused("DryRunOperation", ec2.run_instances, DryRun=True, **launch)
instance = ec2.run_instances(**launch)["Instances"][0]["InstanceId"]
again = ec2.run_instances(**launch)["Instances"][0]["InstanceId"]
assert again == instance, "the client token made a second instance"
wait(ec2, instance, "running")
ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["out*"]}, {"Name": "instance-state-name", "Values": ["running"]}])
ec2.get_console_output(InstanceId=instance)
ec2.create_tags(Resources=[instance], Tags=[{"Key": "colour", "Value": "blue"}])
ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance]}])
ec2.delete_tags(Resources=[instance], Tags=[{"Key": "colour"}])
refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
refused("InvalidPlacementGroup.InUse", ec2.delete_placement_group, GroupName="outside")
of_instance = [{"Name": "attachment.instance-id", "Values": [instance]}]
assert len(ec2.describe_network_interfaces(Filters=of_instance)["NetworkInterfaces"]) == 1
refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=["i-0123456789abcdef0"])
refused("InvalidInstanceID.Malformed", ec2.describe_instances, InstanceIds=["nonsense"])
refused("InvalidAMIID.NotFound", ec2.run_instances, ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
refused("InvalidKeyPair.NotFound", ec2.run_instances, **dict(launch, KeyName="nosuch", ClientToken="outside-2"))
ec2.reboot_instances(InstanceIds=[instance])
wait(ec2, instance, "running")
ec2.stop_instances(InstanceIds=[instance])
wait(ec2, instance, "stopped")
ec2.start_instances(InstanceIds=[instance])
wait(ec2, instance, "running")

# Volumes and snapshots
tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "outside"}]}]
volume = ec2.create_volume(AvailabilityZone=zone, Size=1, VolumeType="gp3", TagSpecifications=tags)["VolumeId"]
ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
refused("InvalidParameterValue", ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/nvme1n1")
refused("InvalidParameterValue", ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/xvda")
refused("InvalidZone.NotFound", ec2.create_volume, AvailabilityZone="us-east-1a", Size=1)
refused("InvalidParameterCombination", ec2.create_volume, AvailabilityZone=zone, Size=1, VolumeType="gp2", Iops=300)
other_zone = ec2.describe_availability_zones()["AvailabilityZones"][-1]["ZoneName"]
elsewhere = ec2.create_volume(AvailabilityZone=other_zone, Size=1)["VolumeId"]
ec2.get_waiter("volume_available").wait(VolumeIds=[elsewhere], WaiterConfig={"Delay": 1})
refused("InvalidVolume.ZoneMismatch", ec2.attach_volume, VolumeId=elsewhere, InstanceId=instance, Device="/dev/sdf")
ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
wait_volume(ec2, volume, "in-use")
refused("VolumeInUse", ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/sdg")
refused("VolumeInUse", ec2.delete_volume, VolumeId=volume)
mapped = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"]
assert [m["DeviceName"] for m in mapped] == ["/dev/xvda", "/dev/sdf"], mapped
ec2.describe_instance_attribute(InstanceId=instance, Attribute="blockDeviceMapping")
ec2.modify_instance_attribute(
    InstanceId=instance, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}])
ec2.modify_volume(VolumeId=volume, Size=2)
refused("InvalidVolumeModification.NotFound", ec2.describe_volumes_modifications, VolumeIds=[elsewhere])
ec2.describe_volumes_modifications(VolumeIds=[volume])
ec2.describe_volume_status(VolumeIds=[volume])
ec2.modify_volume_attribute(VolumeId=volume, AutoEnableIO={"Value": True})
ec2.describe_volume_attribute(VolumeId=volume, Attribute="autoEnableIO")
snapshot = ec2.create_snapshot(VolumeId=volume, Description="outside")["SnapshotId"]
ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1})
several = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance, "ExcludeBootVolume": True})["Snapshots"]
ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[several[0]["SnapshotId"]], WaiterConfig={"Delay": 1})
copy = ec2.copy_snapshot(SourceRegion="local", SourceSnapshotId=snapshot)["SnapshotId"]
restored = ec2.create_volume(AvailabilityZone=zone, SnapshotId=copy)["VolumeId"]
wait_volume(ec2, restored, "available")
refused("IncorrectState", ec2.detach_volume, VolumeId=restored)
refused("InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=["vol-0123456789abcdef0"])
refused("InvalidSnapshot.NotFound", ec2.describe_snapshots, SnapshotIds=["snap-0123456789abcdef0"])

# Images
made = ec2.create_image(InstanceId=instance, Name="outside", NoReboot=True)["ImageId"]
ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1})
root = ec2.describe_images(ImageIds=[made])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=root)
copied = ec2.copy_image(Name="outside copy", SourceImageId=made, SourceRegion="local")["ImageId"]
registered = ec2.register_image(
    Name="outside again", RootDeviceName="/dev/xvda", VirtualizationType="hvm",
    BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": root}}])["ImageId"]
for one in (made, copied, registered):
    ec2.deregister_image(ImageId=one)
ec2.detach_volume(VolumeId=volume)
wait_volume(ec2, volume, "available")
for one in (volume, elsewhere, restored):
    ec2.delete_volume(VolumeId=one)
for found in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
    ec2.delete_snapshot(SnapshotId=found["SnapshotId"])
ec2.terminate_instances(InstanceIds=[instance])
wait(ec2, instance, "terminated")
ec2.get_waiter("volume_deleted").wait(VolumeIds=[volume, elsewhere, restored], WaiterConfig={"Delay": 1})
ec2.delete_security_group(GroupId=group)
ec2.delete_placement_group(GroupName="outside")
refused("InvalidPlacementGroup.Unknown", ec2.describe_placement_groups, GroupNames=["outside"])
ec2.describe_placement_groups()
ec2.delete_key_pair(KeyName="made")
refused("InvalidAction", ec2.describe_fleets)

# S3
s3.create_bucket(Bucket="outside-bucket", CreateBucketConfiguration={"LocationConstraint": "local"})
s3.list_buckets()
s3.put_object(Bucket="outside-bucket", Key="a/b c+d", Body=b"hello", Metadata={"colour": "blue"})
assert s3.get_object(Bucket="outside-bucket", Key="a/b c+d")["Body"].read() == b"hello"
assert s3.head_object(Bucket="outside-bucket", Key="a/b c+d")["Metadata"] == {"colour": "blue"}
assert [o["Key"] for o in s3.list_objects_v2(Bucket="outside-bucket", Prefix="a/")["Contents"]] == ["a/b c+d"]
refused("BucketNotEmpty", s3.delete_bucket, Bucket="outside-bucket")
refused("NoSuchKey", s3.get_object, Bucket="outside-bucket", Key="nosuch")
s3.delete_object(Bucket="outside-bucket", Key="a/b c+d")
s3.delete_bucket(Bucket="outside-bucket")
refused("NoSuchBucket", s3.list_objects_v2, Bucket="outside-bucket")

# A wrong secret
secret = "x" * 40
session = boto3.session.Session(access, secret, region_name="local")
refused("AuthFailure", client("ec2").describe_instances)
refused("SignatureDoesNotMatch", client("s3").list_buckets)
refused("SignatureDoesNotMatch", client("sts").get_caller_identity)

print(json.dumps({"asked": sorted(set(asked)), "findings": sorted(set(findings)), "wrong_codes": wrong_codes, "account": account}))

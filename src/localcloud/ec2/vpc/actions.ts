import {
  AssociateRouteTable$,
  AttachInternetGateway$,
  AttachNetworkInterface$,
  CreateInternetGateway$,
  CreateNetworkInterface$,
  CreateRoute$,
  CreateRouteTable$,
  CreateSubnet$,
  CreateVpc$,
  DeleteInternetGateway$,
  DeleteNetworkInterface$,
  DeleteRoute$,
  DeleteRouteTable$,
  DeleteSubnet$,
  DeleteVpc$,
  DescribeInternetGateways$,
  DescribeNetworkInterfaceAttribute$,
  DescribeNetworkInterfaces$,
  DescribeRouteTables$,
  DescribeSubnets$,
  DescribeVpcs$,
  DetachInternetGateway$,
  DetachNetworkInterface$,
  DisassociateRouteTable$,
  ModifyNetworkInterfaceAttribute$,
  ModifySubnetAttribute$,
  ReplaceRoute$,
  ReplaceRouteTableAssociation$,
} from '@aws-sdk/client-ec2'
import type { QueryAction } from '../../protocol/query-service.js'
import { reads, writes } from '../action.js'
import { describeNetworkInterfaceAttribute, modifyNetworkInterfaceAttribute } from './interface-attributes.js'
import {
  attachInternetGateway,
  createInternetGateway,
  deleteInternetGateway,
  describeInternetGateways,
  detachInternetGateway,
} from './internet-gateways.js'
import {
  attachNetworkInterface,
  createNetworkInterface,
  deleteNetworkInterface,
  describeNetworkInterfaces,
  detachNetworkInterface,
} from './network-interfaces.js'
import {
  associateRouteTable,
  createRouteTable,
  deleteRouteTable,
  describeRouteTables,
  disassociateRouteTable,
  replaceRouteTableAssociation,
} from './route-tables.js'
import { createRoute, deleteRoute, replaceRoute } from './routes.js'
import { createSubnet, deleteSubnet, describeSubnets, modifySubnetAttribute } from './subnets.js'
import { createVpc, deleteVpc, describeVpcs } from './vpcs.js'

export const VPC_ACTIONS: Readonly<Record<string, QueryAction>> = {
  CreateVpc: writes(CreateVpc$, createVpc),
  DeleteVpc: writes(DeleteVpc$, deleteVpc),
  DescribeVpcs: reads(DescribeVpcs$, describeVpcs),
  CreateSubnet: writes(CreateSubnet$, createSubnet),
  DeleteSubnet: writes(DeleteSubnet$, deleteSubnet),
  ModifySubnetAttribute: writes(ModifySubnetAttribute$, modifySubnetAttribute),
  DescribeSubnets: reads(DescribeSubnets$, describeSubnets),
  CreateInternetGateway: writes(CreateInternetGateway$, createInternetGateway),
  DeleteInternetGateway: writes(DeleteInternetGateway$, deleteInternetGateway),
  AttachInternetGateway: writes(AttachInternetGateway$, attachInternetGateway),
  DetachInternetGateway: writes(DetachInternetGateway$, detachInternetGateway),
  DescribeInternetGateways: reads(DescribeInternetGateways$, describeInternetGateways),
  CreateRouteTable: writes(CreateRouteTable$, createRouteTable),
  DeleteRouteTable: writes(DeleteRouteTable$, deleteRouteTable),
  AssociateRouteTable: writes(AssociateRouteTable$, associateRouteTable),
  DisassociateRouteTable: writes(DisassociateRouteTable$, disassociateRouteTable),
  ReplaceRouteTableAssociation: writes(ReplaceRouteTableAssociation$, replaceRouteTableAssociation),
  DescribeRouteTables: reads(DescribeRouteTables$, describeRouteTables),
  CreateRoute: writes(CreateRoute$, createRoute),
  ReplaceRoute: writes(ReplaceRoute$, replaceRoute),
  DeleteRoute: writes(DeleteRoute$, deleteRoute),
  CreateNetworkInterface: writes(CreateNetworkInterface$, createNetworkInterface),
  DeleteNetworkInterface: writes(DeleteNetworkInterface$, deleteNetworkInterface),
  AttachNetworkInterface: writes(AttachNetworkInterface$, attachNetworkInterface),
  DetachNetworkInterface: writes(DetachNetworkInterface$, detachNetworkInterface),
  ModifyNetworkInterfaceAttribute: writes(ModifyNetworkInterfaceAttribute$, modifyNetworkInterfaceAttribute),
  DescribeNetworkInterfaceAttribute: reads(DescribeNetworkInterfaceAttribute$, describeNetworkInterfaceAttribute),
  DescribeNetworkInterfaces: reads(DescribeNetworkInterfaces$, describeNetworkInterfaces),
}

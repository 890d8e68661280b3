import type { ImdsRequest, ImdsResponse } from '../imds/imds.js'

/** Daemon to network child. `listen` comes with a listening socket, whose connections are joined to the node's port. */
export type ToNetd =
  | { readonly kind: 'listen'; readonly key: string; readonly host: string; readonly port: number }
  | { readonly kind: 'close'; readonly key: string }
  /** Takes no new connections; those that are there go on. */
  | { readonly kind: 'shut'; readonly key: string }
  | {
      readonly kind: 'imds'
      readonly id: number
      readonly response: Omit<ImdsResponse, 'body'> & { readonly body: string }
    }

/** Network child to daemon. Bodies travel as base64. */
export type FromNetd =
  | { readonly kind: 'ready'; readonly complaint?: string }
  /** Comes with the connection of a node to the cloud's API. */
  | { readonly kind: 'api'; readonly from: string }
  | { readonly kind: 'listening'; readonly key: string }
  | { readonly kind: 'imds'; readonly id: number; readonly request: ImdsRequest }

/**
 * One RPC as ts-proto defines it with `outputServices=grpc-js`, with its message types erased: the plumbing does not look
 * into messages. Method syntax on purpose: its parameters are bivariant, so every generated RPC is one of these.
 */
export interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: unknown): Buffer;
  requestDeserialize(value: Buffer): unknown;
  responseSerialize(value: unknown): Buffer;
  responseDeserialize(value: Buffer): unknown;
}

export type Definition = Readonly<Record<string, Method>>;

export type RequestOf<M> = M extends { requestDeserialize: (value: Buffer) => infer Request } ? Request : never;
export type ResponseOf<M> = M extends { responseDeserialize: (value: Buffer) => infer Response } ? Response : never;

/** The RPCs that a controller writes by hand: batch siblings are served by the plumbing. */
export type CallName<D> = Exclude<keyof D & string, `${string}Batch` | `${string}Stream`>;

export const batchName = (rpc: string): string => `${rpc}Batch`;
export const streamName = (rpc: string): string => `${rpc}Stream`;

/** The RPC that a batch sibling belongs to; undefined for an ordinary RPC. */
export function batchedRpc(definition: Definition, name: string): { name: string; method: Method } | undefined {
  const base = /^(.+)(?:Batch|Stream)$/.exec(name)?.[1];
  const method = base === undefined ? undefined : definition[base];
  return base !== undefined && method ? { name: base, method } : undefined;
}

/** `authority.token.v1.TokenService` of a definition. */
export function serviceFullName(definition: Definition): string {
  const path = Object.values(definition)[0]?.path;
  if (!path) throw new Error('a service definition without an RPC');
  return path.slice(1, path.lastIndexOf('/'));
}

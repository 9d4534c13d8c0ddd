import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type Batch, serveBatch } from './batch.ts';
import type { Call } from './call.ts';
import { batchedRpc, type CallName, type Definition, type Method, type RequestOf, type ResponseOf } from './definition.ts';

/** What a controller of a service has to write: every RPC but the batch siblings. A missing one does not compile. */
export type Handlers<D> = {
  [Rpc in CallName<D>]: (request: RequestOf<D[Rpc]>, call: Call) => Promise<ResponseOf<D[Rpc]>>;
};

type Handler = (request: unknown, call: Call) => Promise<unknown>;

const definitions = new WeakMap<object, Definition>();

/** The definition that a controller class serves. */
export function definitionOf(controller: object): Definition | undefined {
  return definitions.get(controller);
}

/**
 * Declares a Nest controller for a generated service definition: each method answers the RPC of its name, and the batch
 * siblings that the definition has are served from it, item by item.
 */
export function GrpcController(definition: object): ClassDecorator {
  return (target) => {
    const service = definition as Definition; // generated definitions satisfy it; their messages are erased here
    definitions.set(target, service);
    Controller()(target);
    const prototype = target.prototype as Record<string, Handler>; // a controller's methods are handlers
    for (const [name, method] of Object.entries(service)) {
      const item = batchedRpc(service, name);
      if (item) prototype[name] = batchHandler(prototype, item.name, item.method);
      else if (method.requestStream || method.responseStream) continue;
      declare(prototype, name, method.path);
    }
  };
}

function declare(prototype: Record<string, Handler>, name: string, path: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (!descriptor) throw new Error(`${path} has no method ${name}`);
  // Nest keeps pattern metadata on the function itself, so each RPC needs a function of its own.
  MessagePattern(path)(prototype, name, descriptor);
  Payload()(prototype, name, 0);
  Ctx()(prototype, name, 1);
}

function batchHandler(prototype: Record<string, Handler>, rpc: string, method: Method): Handler {
  return async function (this: Record<string, Handler>, batch: unknown, call: Call): Promise<unknown> {
    const handler = this[rpc] ?? prototype[rpc];
    if (!handler) throw new Error(`${method.path} has no handler`);
    await serveBatch((request, itemCall) => handler.call(this, request, itemCall), method, batch as Batch, call);
    return undefined;
  };
}

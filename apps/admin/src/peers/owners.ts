import { StatusError } from '@authority/errors';
import type { Method, Runtime } from '@authority/rpc';
import type { Owner } from '../policy.ts';

/** The owners as this service needs them: a message goes in, a message comes out, and neither is looked into. */
export interface Owners {
  forward(owner: Owner, method: Method, request: Buffer, behalf: Behalf): Promise<Buffer>;
}

/** For whom, and until when. */
export interface Behalf {
  readonly operator: string;
  /** When the operator's client gives up, Unix milliseconds. */
  readonly deadline: number;
}

/** One RPC of the contract as ts-proto defines it: what a merge needs to read and write its messages. */
export interface AdminMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** Asks one owner, on behalf of the operator whose call is answered. */
export type Ask = <Request, Response>(owner: Owner, method: AdminMethod<Request, Response>, request: Request) => Promise<Response>;

export function askOwners(owners: Owners, behalf: Behalf): Ask {
  return async (owner, method, request) => {
    // Every AdminMethod is a generated Method; its messages are erased here, as on the wire.
    const answer = await owners.forward(owner, method as unknown as Method, method.requestSerialize(request), behalf);
    return method.responseDeserialize(answer);
  };
}

export function ownersOver(runtime: Pick<Runtime, 'forward'>): Owners {
  return {
    async forward(owner, method, request, { operator, deadline }) {
      const timeoutMs = deadline - Date.now();
      if (timeoutMs <= 0) throw new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded', { message: 'deadline: it has passed' });
      try {
        return await runtime.forward(owner, method, request, { operator, timeoutMs });
      } catch (error) {
        throw away(owner, error);
      }
    },
  };
}

/** gRPC's own text of a broken connection names inner addresses; the operator is told which service is away. */
function away(owner: Owner, error: unknown): unknown {
  if (!(error instanceof StatusError) || error.reason !== 'peer_unavailable') return error;
  const message = `${owner}: the ${owner} service does not answer; try again in a moment`;
  return new StatusError('UNAVAILABLE', 'peer_unavailable', { message, retryAfterMs: 1000, cause: error });
}

import { SettingsServiceService, AuditServiceService } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import type { Method } from '@authority/rpc';
import { authenticate, type AuthenticationPorts, type Credentials, type Operator } from './authenticate.ts';
import { type AuditStream, listAuditEvents, ownerStreams } from './merge/audit.ts';
import { deleteSetting, getSetting, listSettings, updateSetting } from './merge/settings.ts';
import { type Ask, askOwners, type Behalf, type Owners } from './peers/owners.ts';
import { type AdminPath, assertPermitted, policy } from './policy.ts';
import type { RefusedCalls } from './refused-calls.ts';

/** A call as it came in at the public listener. */
export interface DoorCall {
  readonly method: Method & { readonly path: AdminPath };
  readonly request: Buffer;
  readonly credentials: Credentials;
  /** Unix milliseconds. */
  readonly deadline: number;
  /** Where it came from, for the table of refused calls. */
  readonly address: string;
}

export interface DoorPorts extends AuthenticationPorts {
  readonly owners: Owners;
  readonly refusedCalls: RefusedCalls & { readonly stream?: AuditStream };
}

/** The operator's door: who is it, may they, and who answers. */
export async function answer(call: DoorCall, ports: DoorPorts): Promise<Buffer> {
  const { method, request, deadline } = call;
  const operator = await admit(call, ports);
  const behalf: Behalf = { operator: operator.name, deadline };
  // Only looked at: what goes on is what came, fields of a newer contract included.
  assertText(decoded(method, request));
  const { owner } = policy[method.path];
  if (owner !== 'merge') return ports.owners.forward(owner, method, request, behalf);
  return merged(method.path, request, askOwners(ports.owners, behalf), ports);
}

async function admit(call: DoorCall, ports: DoorPorts): Promise<Operator> {
  let operator: Operator | undefined;
  try {
    operator = await authenticate(call.credentials, ports);
    assertPermitted(operator.scopes, call.method.path);
    return operator;
  } catch (error) {
    const { method, address } = call;
    if (isRefusal(error)) ports.refusedCalls.add({ path: method.path, operator: operator?.name, address, reason: error.reason });
    throw error;
  }
}

/** A token service that is away refuses nobody; it is no refused call. */
function isRefusal(error: unknown): error is StatusError {
  return error instanceof StatusError && (error.code === 'UNAUTHENTICATED' || error.code === 'PERMISSION_DENIED');
}

type Merge = (request: Buffer, ask: Ask, ports: DoorPorts) => Promise<Buffer>;

interface Codec<Request, Response> {
  readonly requestDeserialize: (value: Buffer) => Request;
  readonly responseSerialize: (value: Response) => Buffer;
}

function over<Request, Response>(
  codec: Codec<Request, Response>,
  work: (request: Request, ask: Ask, ports: DoorPorts) => Promise<Response>,
): Merge {
  return async (bytes, ask, ports) => codec.responseSerialize(await work(decoded(codec, bytes), ask, ports));
}

function decoded<Request>({ requestDeserialize }: Pick<Codec<Request, never>, 'requestDeserialize'>, bytes: Buffer): Request {
  try {
    return requestDeserialize(bytes);
  } catch (cause) {
    throw new StatusError('INVALID_ARGUMENT', 'item_malformed', { message: 'request: is not the message of this call', cause });
  }
}

/** No field of any message may hold a NUL, and PostgreSQL's text cannot: refused here once, for every owner. */
function assertText(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0')) {
    throw new StatusError('INVALID_ARGUMENT', 'encoding_invalid', { message: 'request: a text holds a NUL character' });
  }
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) Object.values(value).forEach(assertText);
}

const merges: Readonly<Record<string, Merge>> = {
  [SettingsServiceService.listSettings.path]: over(SettingsServiceService.listSettings, listSettings),
  [SettingsServiceService.getSetting.path]: over(SettingsServiceService.getSetting, getSetting),
  [SettingsServiceService.updateSetting.path]: over(SettingsServiceService.updateSetting, updateSetting),
  [SettingsServiceService.deleteSetting.path]: over(SettingsServiceService.deleteSetting, deleteSetting),
  [AuditServiceService.listAuditEvents.path]: over(AuditServiceService.listAuditEvents, (request, ask, { refusedCalls }) =>
    listAuditEvents(request, [...ownerStreams(ask), ...(refusedCalls.stream ? [refusedCalls.stream] : [])]),
  ),
};

/** The paths that this service answers itself; a test compares them with the policy. */
export const mergedPaths: readonly string[] = Object.keys(merges);

function merged(path: AdminPath, request: Buffer, ask: Ask, ports: DoorPorts): Promise<Buffer> {
  const merge = merges[path];
  if (!merge) throw new Error(`${path} is in the policy as merged, and nothing merges it`);
  return merge(request, ask, ports);
}

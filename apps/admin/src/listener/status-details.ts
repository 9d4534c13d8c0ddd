import type { FieldViolation } from '@authority/errors';
import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What the standard tools show of a refusal. */
export interface Details {
  readonly code: number;
  readonly message: string;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs?: number | undefined;
}

/** The metadata key of a google.rpc.Status (https://google.aip.dev/193, grpc "richer error model"). */
export const detailsKey = 'grpc-status-details-bin';

/**
 * google.rpc.Status with BadRequest and RetryInfo, written by hand: three messages of two fields each, which have not
 * changed since 2017, against a copy of googleapis in the contract.
 */
export function statusDetails({ code, message, violations, retryAfterMs }: Details): Buffer {
  const status = new BinaryWriter().uint32(8).int32(code).uint32(18).string(message);
  if (violations.length > 0) any(status, 'google.rpc.BadRequest', badRequest(violations));
  if (retryAfterMs !== undefined && retryAfterMs > 0) any(status, 'google.rpc.RetryInfo', retryInfo(retryAfterMs));
  return Buffer.from(status.finish());
}

function any(status: BinaryWriter, type: string, value: Uint8Array): void {
  status.uint32(26).fork().uint32(10).string(`type.googleapis.com/${type}`).uint32(18).bytes(value).join();
}

function badRequest(violations: readonly FieldViolation[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, description } of violations) {
    writer.uint32(10).fork().uint32(10).string(field).uint32(18).string(description).join();
  }
  return writer.finish();
}

function retryInfo(ms: number): Uint8Array {
  const writer = new BinaryWriter().uint32(10).fork();
  writer
    .uint32(8)
    .int64(Math.floor(ms / 1000))
    .uint32(16)
    .int32((ms % 1000) * 1_000_000);
  return writer.join().finish();
}

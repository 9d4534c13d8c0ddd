import { BinaryReader } from '@bufbuild/protobuf/wire';

/** What is wrong with one field (google.rpc.BadRequest.FieldViolation). */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

export const detailsKey = 'grpc-status-details-bin';

type Visit = (field: number, bytes: Uint8Array) => void;

/** Visits the length-delimited fields of a message; all that google.rpc's details consist of. */
function visit(message: Uint8Array, each: Visit): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === 2) each(field, reader.bytes());
    else reader.skip(type, field);
  }
}

/** The field violations of a google.rpc.Status; none when it cannot be read, since the status itself says enough. */
export function violationsOf(details: Uint8Array): Violation[] {
  const found: Violation[] = [];
  try {
    visit(details, (field, any) => {
      if (field === 3) found.push(...badRequest(any));
    });
  } catch {
    return [];
  }
  return found;
}

function badRequest(any: Uint8Array): Violation[] {
  const parts = texts(any);
  if (!parts[1]?.toString('utf8').endsWith('/google.rpc.BadRequest')) return [];
  const found: Violation[] = [];
  visit(parts[2] ?? Buffer.alloc(0), (field, violation) => {
    const { 1: name, 2: description } = texts(violation);
    if (field === 1) found.push({ field: name?.toString('utf8') ?? '', description: description?.toString('utf8') ?? '' });
  });
  return found;
}

function texts(message: Uint8Array): Record<number, Buffer> {
  const found: Record<number, Buffer> = {};
  visit(message, (field, bytes) => {
    found[field] = Buffer.from(bytes);
  });
  return found;
}

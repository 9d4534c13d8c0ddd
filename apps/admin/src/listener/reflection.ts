import { descriptors } from '@authority/contracts/descriptors';
import { reflection, reflectionAlpha } from '@authority/contracts/standard';
import { type Definition, serviceFullName } from '@authority/rpc';
import { createFileRegistry, type DescFile, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type ServerDuplexStream, status, type UntypedServiceImplementation } from '@grpc/grpc-js';

type Request = reflection.ServerReflectionRequest;
type Response = reflection.ServerReflectionResponse;
type Answer = NonNullable<Response['message_response']>;

/** A service that is no Nest controller, and how it is served. */
export interface PlainService {
  readonly definition: Definition;
  readonly implementation: UntypedServiceImplementation;
}

/**
 * grpc.reflection in both versions (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md), over the
 * descriptors of what this listener serves. The contracts between the services are not told here.
 */
export function reflectionServices(served: readonly Definition[]): PlainService[] {
  const definitions: Definition[] = [reflection.ServerReflectionService, reflectionAlpha.ServerReflectionService];
  const contracts = new Contracts([...served, ...definitions].map(serviceFullName));
  // The two versions have the same messages.
  return definitions.map((definition) => ({ definition, implementation: { serverReflectionInfo: conversation(contracts) } }));
}

function conversation(contracts: Contracts) {
  return (call: ServerDuplexStream<Request, Response>): void => {
    call.on('data', (request: Request) => {
      call.write({ valid_host: request.host, original_request: request, message_response: contracts.answer(request) });
    });
    call.on('end', () => call.end());
    // A tool that goes away in the middle of its conversation.
    call.on('error', () => call.end());
  };
}

/** The files that declare what is served, with all that they import. */
class Contracts {
  private readonly registry: FileRegistry;
  private readonly files = new Map<string, DescFile>();

  constructor(private readonly services: readonly string[]) {
    this.registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64')));
    for (const name of services) {
      const service = this.registry.getService(name);
      if (service) this.add(service.file);
    }
  }

  answer({ message_request: asked }: Request): Answer {
    switch (asked?.$case) {
      case 'list_services':
        return { $case: 'list_services_response', value: { service: this.services.map((name) => ({ name })) } };
      case 'file_by_filename':
        return this.fileAnswer(this.files.get(asked.value.replace(/\.proto$/, '')), asked.value);
      case 'file_containing_symbol':
        return this.fileAnswer(this.fileOf(asked.value), asked.value);
      case 'all_extension_numbers_of_type':
        // proto3 contracts of ours have no extensions; the type must be known all the same.
        if (!this.fileOf(asked.value)) return notFound(asked.value);
        return { $case: 'all_extension_numbers_response', value: { base_type_name: asked.value, extension_number: [] } };
      case 'file_containing_extension':
        return notFound(`extension ${asked.value.extension_number} of ${asked.value.containing_type}`);
      default:
        return { $case: 'error_response', value: { error_code: status.INVALID_ARGUMENT, error_message: 'nothing was asked' } };
    }
  }

  private add(file: DescFile): void {
    if (this.files.has(file.name)) return;
    this.files.set(file.name, file);
    for (const imported of file.dependencies) this.add(imported);
  }

  /** A symbol is a type, a service, or a member of one: `authority.admin.v1.ClientService.ListClients`. */
  private fileOf(symbol: string): DescFile | undefined {
    const name = symbol.replace(/^\./, '');
    const found = this.registry.get(name) ?? this.registry.get(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
    return found && this.files.has(found.file.name) ? found.file : undefined;
  }

  private fileAnswer(file: DescFile | undefined, asked: string): Answer {
    if (!file) return notFound(asked);
    const file_descriptor_proto = [...withImports(file)].map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
    return { $case: 'file_descriptor_response', value: { file_descriptor_proto } };
  }
}

/** The file first, then what it imports: tools ask once. */
function withImports(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const imported of file.dependencies) withImports(imported, seen);
  return seen;
}

function notFound(asked: string): Answer {
  return { $case: 'error_response', value: { error_code: status.NOT_FOUND, error_message: `${asked.slice(0, 200)} is not served here` } };
}

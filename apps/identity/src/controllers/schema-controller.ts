import {
  type CheckSchemaRequest,
  type CheckSchemaResponse,
  type CreateSchemaRequest,
  type CreateSchemaResponse,
  type DeleteSchemaRequest,
  type DeleteSchemaResponse,
  type GetSchemaRequest,
  type GetSchemaResponse,
  type ListSchemasRequest,
  type ListSchemasResponse,
  type ListSchemaVersionsRequest,
  type ListSchemaVersionsResponse,
  SchemaServiceService,
  type UpdateSchemaRequest,
  type UpdateSchemaResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { actorOf } from './actor.ts';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Schemas of identities for operators; forwarded by admin. */
@GrpcController(SchemaServiceService)
export class SchemaController implements Handlers<typeof SchemaServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listSchemas(request: ListSchemasRequest): Promise<ListSchemasResponse> {
    return this.#core.schemaAdmin.list(request);
  }

  async getSchema({ schema_id, version }: GetSchemaRequest): Promise<GetSchemaResponse> {
    return { schema: await this.#core.schemaAdmin.get(schema_id, version) };
  }

  listSchemaVersions(request: ListSchemaVersionsRequest): Promise<ListSchemaVersionsResponse> {
    return this.#core.schemaAdmin.listVersions(request);
  }

  async createSchema(request: CreateSchemaRequest, call: Call): Promise<CreateSchemaResponse> {
    return { schema: await this.#core.schemaAdmin.create(request, actorOf(call)) };
  }

  async updateSchema(request: UpdateSchemaRequest, call: Call): Promise<UpdateSchemaResponse> {
    return { schema: await this.#core.schemaAdmin.update(request, actorOf(call)) };
  }

  async deleteSchema(request: DeleteSchemaRequest, call: Call): Promise<DeleteSchemaResponse> {
    await this.#core.schemaAdmin.delete(request, actorOf(call));
    return {};
  }

  checkSchema(request: CheckSchemaRequest): Promise<CheckSchemaResponse> {
    return this.#core.schemaAdmin.check(request);
  }
}

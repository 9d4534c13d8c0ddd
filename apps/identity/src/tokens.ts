import type { DeadLetterServiceService, MailTemplateServiceService, SettingsServiceService } from '@authority/contracts/admin';
import type { AuthenticateRequest, AuthenticateResponse } from '@authority/contracts/identity';
import type { FeedSource } from '@authority/feed';
import type { Database } from '@authority/postgres';
import type { Handlers } from '@authority/rpc';
import type { ClaimSource } from './accounts/claims.ts';
import type { Directory } from './accounts/directory.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { FlowEndpoint } from './flows/flow-endpoint.ts';
import type { Imports } from './import/import.ts';
import type { UpstreamAdmin } from './upstream/admin.ts';
import type { SchemaAdmin } from './schemas/schema-admin.ts';

/** What the controllers answer from; made in identity.ts. */
export interface IdentityCore {
  readonly flows: FlowEndpoint;
  /** The password grant's check (RFC 6749 §4.3). */
  readonly authenticate: (request: AuthenticateRequest) => Promise<AuthenticateResponse>;
  readonly claims: (sub: string) => Promise<ClaimSource | undefined>;
  readonly feed: FeedSource;
  readonly directory: Directory;
  readonly credentials: Credentials;
  readonly imports: Imports;
  readonly schemaAdmin: SchemaAdmin;
  readonly upstreamAdmin: UpstreamAdmin;
  readonly mailTemplates: Handlers<typeof MailTemplateServiceService>;
  readonly deadLetters: Handlers<typeof DeadLetterServiceService>;
  readonly settings: Handlers<typeof SettingsServiceService>;
  readonly database: Database;
}

/** The injection token of the core. */
export const IDENTITY_CORE = Symbol('identity core');

import type {
  AuditServiceService,
  ClientServiceService,
  CredentialServiceService,
  DeadLetterServiceService,
  GrantServiceService,
  IdentityServiceService,
  ImportServiceService,
  KeyServiceService,
  LogoutDeliveryServiceService,
  MailTemplateServiceService,
  RegistrationTokenServiceService,
  ResourceServiceService,
  SchemaServiceService,
  SessionServiceService,
  SettingsServiceService,
  TrustedIssuerServiceService,
  UpstreamProviderServiceService,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';

export const owners = ['token', 'session', 'identity'] as const;
/** A service that owns what operators change. */
export type Owner = (typeof owners)[number];

type Definitions =
  | typeof AuditServiceService
  | typeof ClientServiceService
  | typeof CredentialServiceService
  | typeof DeadLetterServiceService
  | typeof GrantServiceService
  | typeof IdentityServiceService
  | typeof ImportServiceService
  | typeof KeyServiceService
  | typeof LogoutDeliveryServiceService
  | typeof MailTemplateServiceService
  | typeof RegistrationTokenServiceService
  | typeof ResourceServiceService
  | typeof SchemaServiceService
  | typeof SessionServiceService
  | typeof SettingsServiceService
  | typeof TrustedIssuerServiceService
  | typeof UpstreamProviderServiceService;
type PathsOf<D> = D extends unknown ? Extract<D[keyof D], { path: string }>['path'] : never;

/** The path of every RPC of the operator API: `/authority.admin.v1.ClientService/ListClients`. */
export type AdminPath = PathsOf<Definitions>;

/** The scopes that open a door here. `all` suffices for everything. */
export const scopes = { all: 'authority.admin', read: 'authority.admin.read' } as const;

export interface Rule {
  /** Who answers; `merge`: this service, from the answers of several owners. */
  readonly owner: Owner | 'merge';
  /** The least scope that suffices; `authority.admin` always does. */
  readonly scope: (typeof scopes)[keyof typeof scopes];
}

const read = (owner: Rule['owner']): Rule => ({ owner, scope: scopes.read });
const change = (owner: Rule['owner']): Rule => ({ owner, scope: scopes.all });

/** Who may call what, and who answers it. A method that is not here does not compile, and a test compares the contract. */
export const policy: Readonly<Record<AdminPath, Rule>> = {
  '/authority.admin.v1.ClientService/ListClients': read('token'),
  '/authority.admin.v1.ClientService/GetClient': read('token'),
  '/authority.admin.v1.ClientService/CreateClient': change('token'),
  '/authority.admin.v1.ClientService/UpdateClient': change('token'),
  '/authority.admin.v1.ClientService/DeleteClient': change('token'),
  '/authority.admin.v1.ClientService/RotateClientSecret': change('token'),

  '/authority.admin.v1.RegistrationTokenService/ListRegistrationTokens': read('token'),
  '/authority.admin.v1.RegistrationTokenService/GetRegistrationToken': read('token'),
  '/authority.admin.v1.RegistrationTokenService/CreateRegistrationToken': change('token'),
  '/authority.admin.v1.RegistrationTokenService/DeleteRegistrationToken': change('token'),

  '/authority.admin.v1.ResourceService/ListResources': read('token'),
  '/authority.admin.v1.ResourceService/GetResource': read('token'),
  '/authority.admin.v1.ResourceService/CreateResource': change('token'),
  '/authority.admin.v1.ResourceService/UpdateResource': change('token'),
  '/authority.admin.v1.ResourceService/DeleteResource': change('token'),

  '/authority.admin.v1.LogoutDeliveryService/ListLogoutDeliveries': read('token'),
  '/authority.admin.v1.LogoutDeliveryService/RetryLogoutDelivery': change('token'),
  '/authority.admin.v1.TrustedIssuerService/ListTrustedIssuers': read('token'),
  '/authority.admin.v1.TrustedIssuerService/GetTrustedIssuer': read('token'),
  '/authority.admin.v1.TrustedIssuerService/CreateTrustedIssuer': change('token'),
  '/authority.admin.v1.TrustedIssuerService/UpdateTrustedIssuer': change('token'),
  '/authority.admin.v1.TrustedIssuerService/DeleteTrustedIssuer': change('token'),

  '/authority.admin.v1.MailTemplateService/ListMailTemplates': read('identity'),
  '/authority.admin.v1.MailTemplateService/GetMailTemplate': read('identity'),
  '/authority.admin.v1.MailTemplateService/PreviewMailTemplate': change('identity'),
  '/authority.admin.v1.MailTemplateService/UpdateMailTemplate': change('identity'),
  '/authority.admin.v1.MailTemplateService/DeleteMailTemplate': change('identity'),

  '/authority.admin.v1.DeadLetterService/ListDeadLetters': read('identity'),
  '/authority.admin.v1.DeadLetterService/ReplayDeadLetters': change('identity'),
  '/authority.admin.v1.DeadLetterService/DeleteDeadLetters': change('identity'),

  '/authority.admin.v1.GrantService/ListGrants': read('token'),
  '/authority.admin.v1.GrantService/GetGrant': read('token'),
  '/authority.admin.v1.GrantService/DeleteGrant': change('token'),

  '/authority.admin.v1.KeyService/ListKeys': read('token'),
  '/authority.admin.v1.KeyService/GetKey': read('token'),
  '/authority.admin.v1.KeyService/RotateKey': change('token'),
  '/authority.admin.v1.KeyService/DeleteKey': change('token'),

  '/authority.admin.v1.IdentityService/ListIdentities': read('identity'),
  '/authority.admin.v1.IdentityService/GetIdentity': read('identity'),
  '/authority.admin.v1.IdentityService/CreateIdentity': change('identity'),
  '/authority.admin.v1.IdentityService/UpdateIdentity': change('identity'),
  '/authority.admin.v1.IdentityService/DeleteIdentity': change('identity'),
  '/authority.admin.v1.IdentityService/SetPassword': change('identity'),

  '/authority.admin.v1.CredentialService/ListCredentials': read('identity'),
  '/authority.admin.v1.CredentialService/DeleteCredential': change('identity'),
  '/authority.admin.v1.SchemaService/ListSchemas': read('identity'),
  '/authority.admin.v1.SchemaService/GetSchema': read('identity'),
  '/authority.admin.v1.SchemaService/ListSchemaVersions': read('identity'),
  '/authority.admin.v1.SchemaService/CreateSchema': change('identity'),
  '/authority.admin.v1.SchemaService/UpdateSchema': change('identity'),
  '/authority.admin.v1.SchemaService/DeleteSchema': change('identity'),
  '/authority.admin.v1.SchemaService/CheckSchema': change('identity'),
  '/authority.admin.v1.UpstreamProviderService/ListUpstreamProviders': read('identity'),
  '/authority.admin.v1.UpstreamProviderService/GetUpstreamProvider': read('identity'),
  '/authority.admin.v1.UpstreamProviderService/CreateUpstreamProvider': change('identity'),
  '/authority.admin.v1.UpstreamProviderService/UpdateUpstreamProvider': change('identity'),
  '/authority.admin.v1.UpstreamProviderService/DeleteUpstreamProvider': change('identity'),

  '/authority.admin.v1.ImportService/ImportIdentities': change('identity'),

  '/authority.admin.v1.SessionService/ListSessions': read('session'),
  '/authority.admin.v1.SessionService/GetSession': read('session'),
  '/authority.admin.v1.SessionService/DeleteSession': change('session'),

  '/authority.admin.v1.SettingsService/ListSettings': read('merge'),
  '/authority.admin.v1.SettingsService/GetSetting': read('merge'),
  '/authority.admin.v1.SettingsService/UpdateSetting': change('merge'),
  '/authority.admin.v1.SettingsService/DeleteSetting': change('merge'),

  '/authority.admin.v1.AuditService/ListAuditEvents': read('merge'),
};

/** PERMISSION_DENIED unless the operator's scopes suffice for the method. Scopes are whole words, compared exactly. */
export function assertPermitted(held: ReadonlySet<string>, path: AdminPath): void {
  const { scope } = policy[path];
  if (held.has(scopes.all) || held.has(scope)) return;
  throw new StatusError('PERMISSION_DENIED', 'token_scope_insufficient', {
    message: `permission: this call needs a token with scope ${scope}; ask for one`,
  });
}

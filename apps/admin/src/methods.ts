import {
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
import type { Definition, Method } from '@authority/rpc';
import type { AdminPath } from './policy.ts';

/** The services that the public listener serves. */
export const adminDefinitions = [
  ClientServiceService,
  RegistrationTokenServiceService,
  ResourceServiceService,
  TrustedIssuerServiceService,
  IdentityServiceService,
  CredentialServiceService,
  ImportServiceService,
  SchemaServiceService,
  UpstreamProviderServiceService,
  SessionServiceService,
  GrantServiceService,
  LogoutDeliveryServiceService,
  KeyServiceService,
  SettingsServiceService,
  MailTemplateServiceService,
  DeadLetterServiceService,
  AuditServiceService,
] as const satisfies readonly Definition[];

/** Every RPC of them. Messages are erased: this service passes them on as bytes. */
export const adminMethods: readonly (Method & { readonly path: AdminPath })[] = adminDefinitions.flatMap(
  // What is generated has the paths that `AdminPath` is made of.
  (definition) => Object.values(definition) as unknown as (Method & { path: AdminPath })[],
);

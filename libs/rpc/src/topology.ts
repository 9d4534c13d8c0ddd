/** The five services of the suite. */
export const serviceNames = ['gateway', 'token', 'session', 'identity', 'admin'] as const;
export type ServiceName = (typeof serviceNames)[number];

/**
 * Who may call which RPC of whom (house.md, "Who may call whom"). The callee judges the caller by the name in its
 * certificate; the chart's NetworkPolicies come from the same table (test/chart compares them). A key is a full gRPC
 * service name, or a service and a method where methods differ.
 */
export const topology: Readonly<Record<ServiceName, Readonly<Record<string, readonly ServiceName[]>>>> = {
  gateway: {},
  token: {
    'authority.token.v1.TokenService': ['gateway'],
    'authority.token.v1.TokenService/Introspect': ['gateway', 'admin'],
    'authority.token.v1.TokenService/IntrospectBatch': ['gateway', 'admin'],
    'authority.token.v1.TokenService/IntrospectStream': ['gateway', 'admin'],
    'authority.token.v1.AuthorizationService': ['gateway'],
    'authority.token.v1.ApplicationService': ['gateway'],
    'authority.token.v1.RegistrationService': ['gateway'],
    'authority.admin.v1.ClientService': ['admin'],
    'authority.admin.v1.RegistrationTokenService': ['admin'],
    'authority.admin.v1.ResourceService': ['admin'],
    'authority.admin.v1.TrustedIssuerService': ['admin'],
    'authority.admin.v1.GrantService': ['admin'],
    'authority.admin.v1.LogoutDeliveryService': ['admin'],
    'authority.admin.v1.KeyService': ['admin'],
    'authority.admin.v1.SettingsService': ['admin'],
    'authority.admin.v1.AuditService': ['admin'],
  },
  session: {
    'authority.session.v1.SessionService/Begin': ['gateway'],
    'authority.session.v1.SessionService/Attest': ['gateway'],
    'authority.session.v1.SessionService/End': ['gateway'],
    'authority.session.v1.SessionService/ListOwn': ['gateway'],
    'authority.session.v1.SessionService/EndOwn': ['gateway'],
    'authority.session.v1.SessionService/Resolve': ['token'],
    'authority.session.v1.SessionService/ResolveStream': ['token'],
    'authority.session.v1.SessionService/PullFeed': ['token'],
    'authority.admin.v1.SessionService': ['admin'],
    'authority.admin.v1.SettingsService': ['admin'],
    'authority.admin.v1.AuditService': ['admin'],
  },
  identity: {
    'authority.identity.v1.FlowService': ['gateway'],
    'authority.identity.v1.IdentityService/RedeemCompletion': ['session'],
    'authority.identity.v1.IdentityService/Attest': ['session'],
    'authority.identity.v1.IdentityService/GetClaims': ['token'],
    'authority.identity.v1.IdentityService/GetClaimsStream': ['token'],
    'authority.identity.v1.IdentityService/Authenticate': ['token'],
    'authority.identity.v1.IdentityService/PullFeed': ['token', 'session'],
    'authority.admin.v1.IdentityService': ['admin'],
    'authority.admin.v1.CredentialService': ['admin'],
    'authority.admin.v1.ImportService': ['admin'],
    'authority.admin.v1.SchemaService': ['admin'],
    'authority.admin.v1.UpstreamProviderService': ['admin'],
    'authority.admin.v1.MailTemplateService': ['admin'],
    'authority.admin.v1.DeadLetterService': ['admin'],
    'authority.admin.v1.SettingsService': ['admin'],
    'authority.admin.v1.AuditService': ['admin'],
  },
  admin: {},
};

/** The name that a service's certificate carries as its DNS subject alternative name. */
export function certificateName(service: ServiceName): string {
  return `${service}.authority.internal`;
}

/** The service that a certificate's subject alternative names stand for; undefined for a stranger. */
export function serviceOfCertificate(subjectAltName: string): ServiceName | undefined {
  // Node puts names with commas in quotes; to split those would make names of ours from pieces of one of a stranger.
  if (subjectAltName.includes('"')) return undefined;
  const names = subjectAltName.split(',').map((name) => name.trim());
  return serviceNames.find((service) => names.includes(`DNS:${certificateName(service)}`));
}

/** Whether `caller` may call the RPC at `path` (`/package.Service/Method`) of `callee`. */
export function mayCall(caller: ServiceName, callee: ServiceName, path: string): boolean {
  const method = path.slice(1);
  const rules = topology[callee];
  const callers = rules[method] ?? rules[method.slice(0, method.indexOf('/'))];
  return callers?.includes(caller) ?? false;
}

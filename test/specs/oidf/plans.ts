/** How a module is run (net.openid.conformance.variant). */
export interface Variant {
  readonly responseType: string;
  readonly responseMode: 'default' | 'form_post';
}

/** A module of a plan with all variants that the plan runs it by. */
export interface PlannedModule {
  readonly module: string;
  readonly variants: readonly Variant[];
}

export interface Plan {
  readonly name: string;
  readonly modules: readonly PlannedModule[];
}

/** In every flow (OIDCCBasicTestPlan, OIDCCImplicitTestPlan, OIDCCHybridTestPlan). */
const everywhere = [
  'oidcc-server',
  'oidcc-idtoken-signature',
  'oidcc-scope-profile',
  'oidcc-scope-email',
  'oidcc-scope-address',
  'oidcc-scope-phone',
  'oidcc-scope-all',
  'oidcc-display-page',
  'oidcc-display-popup',
  'oidcc-prompt-login',
  'oidcc-prompt-none-not-logged-in',
  'oidcc-prompt-none-logged-in',
  'oidcc-max-age-1',
  'oidcc-max-age-10000',
  'oidcc-ensure-request-with-unknown-parameter-succeeds',
  'oidcc-id-token-hint',
  'oidcc-login-hint',
  'oidcc-ui-locales',
  'oidcc-claims-locales',
  'oidcc-ensure-request-with-acr-values-succeeds',
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
  'oidcc-ensure-request-object-with-redirect-uri',
];
const withCode = ['oidcc-codereuse', 'oidcc-codereuse-30seconds', 'oidcc-server-client-secret-post', 'oidcc-claims-essential'];
const withUserInfo = ['oidcc-userinfo-get', 'oidcc-userinfo-post-header', 'oidcc-userinfo-post-body'];
const once = ['oidcc-response-type-missing'];
const nonceFails = 'oidcc-ensure-request-without-nonce-fails';
const nonceSucceeds = 'oidcc-ensure-request-without-nonce-succeeds-for-code-flow';

type Flow = Readonly<Record<string, readonly string[]>>;

const basic: Flow = {
  code: [
    ...everywhere,
    ...withCode,
    ...withUserInfo,
    ...once,
    nonceSucceeds,
    'oidcc-idtoken-unsigned',
    'oidcc-alternate-happy-flow',
    'oidcc-ensure-registered-redirect-uri',
    'oidcc-ensure-post-request-succeeds',
    'oidcc-refresh-token',
  ],
};
const implicit: Flow = {
  id_token: [...everywhere, nonceFails, 'oidcc-alternate-happy-flow', 'oidcc-ensure-registered-redirect-uri'],
  'id_token token': [
    ...everywhere,
    ...withUserInfo,
    ...once,
    nonceFails,
    'oidcc-alternate-happy-flow',
    'oidcc-ensure-registered-redirect-uri',
  ],
};
const hybrid: Flow = {
  'code id_token': [...everywhere, ...withCode, ...withUserInfo, ...once, nonceFails, 'oidcc-alternate-happy-flow', 'oidcc-refresh-token'],
  'code token': [...everywhere, ...withCode, ...withUserInfo, nonceSucceeds],
  'code id_token token': [...everywhere, ...withCode, ...withUserInfo, nonceFails],
};

function planOf(name: string, flow: Flow, responseMode: Variant['responseMode'] = 'default'): Plan {
  const names = [...new Set(Object.values(flow).flat())];
  const variantsOf = (module: string): Variant[] =>
    Object.keys(flow)
      .filter((responseType) => flow[responseType]?.includes(module))
      .map((responseType) => ({ responseType, responseMode }));
  return { name, modules: names.map((module) => ({ module, variants: variantsOf(module) })) };
}

/** The plans of the OpenID Foundation for OpenID providers whose modules are in modules.ts. */
export const plans: readonly Plan[] = [
  {
    name: 'Config',
    modules: [{ module: 'oidcc-discovery-endpoint-verification', variants: [{ responseType: 'code', responseMode: 'default' }] }],
  },
  planOf('Basic', basic),
  planOf('Implicit', implicit),
  planOf('Hybrid', hybrid),
  planOf('Form Post Basic', basic, 'form_post'),
  planOf('Form Post Implicit', implicit, 'form_post'),
  planOf('Form Post Hybrid', hybrid, 'form_post'),
];

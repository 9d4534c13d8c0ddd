import { log } from '@authority/telemetry';
import { normalizeEmail } from '../../accounts/email.ts';
import { newSubject } from '../../accounts/subject.ts';
import { ask, type Form, type Part, type Result, type Submission } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import { traitsOf } from '../../schemas/form.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import type { UpstreamAccount } from '../../upstream/account.ts';
import type { UpstreamLinks } from '../../upstream/ports.ts';
import type { UpstreamProvider } from '../../upstream/provider.ts';
import { type AnswerPorts, askedOf, comeBack, goOut } from './answer.ts';

export interface UpstreamPorts extends AnswerPorts {
  readonly links: UpstreamLinks;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
}

/** One button for each provider; the same for everybody. */
export async function buttons({ providers }: Pick<UpstreamPorts, 'providers'>): Promise<Form | undefined> {
  const enabled = await providers.enabled();
  if (enabled.length === 0) return undefined;
  const actions = enabled.map(({ providerId, displayName }) => ({ value: providerId, id: 'upstream', parameters: { name: displayName } }));
  return { fields: [], actions };
}

/** Sign in, or register, with an account at a provider. */
export const upstreamSignIn = (ports: UpstreamPorts): Part => ({
  offer: () => buttons(ports),

  async submit(submission) {
    const { values, memory, handle, now, flow } = submission;
    if (values['answer'] === undefined) {
      const out = await goOut(values['action'] ?? '', submission, handle, flow.isAgain === true, ports);
      return typeof out === 'string' ? failed(out) : { kind: 'redirect', url: out.url, memory: { ...out.asked } };
    }
    const asked = askedOf(memory);
    if (!asked || asked.providerId !== values['provider']) return failed('upstream_failed');
    const back = await comeBack(values['answer'], asked, now, ports);
    return typeof back === 'string' ? failed(back) : signIn(submission, back.provider, back.account, ports);
  },
});

const failed = (id: string): Result => ask({ '': [errorMessage(id)] }, undefined, {});

async function signIn(submission: Submission, provider: UpstreamProvider, account: UpstreamAccount, ports: UpstreamPorts): Promise<Result> {
  const { providerId } = provider;
  const { subject, name } = account;
  const linked = await ports.links.signIn({ providerId, subject });
  if (linked?.disabled) {
    log.info('login.refused', { reason: 'identity_disabled', sub: linked.sub });
    return failed('upstream_failed');
  }
  if (linked) return { kind: 'proved', person: linked, factor: { amr: [], at: linked.at }, memory: {} };
  // From here on the person has proved an account there, and nothing here.
  if (account.verifiedEmail === undefined) return failed('upstream_email_unverified');
  const pending = { providerId, subject, name };
  if (!provider.registration) return ask({ '': [errorMessage('upstream_not_linked')] }, undefined, { pending });
  return register(submission, account, pending, ports);
}

async function register(
  { flow, address, now }: Submission,
  account: UpstreamAccount,
  link: { providerId: string; subject: string; name: string },
  ports: UpstreamPorts,
): Promise<Result> {
  const schema = await ports.schemas.newest(ports.registrationSchema());
  if (!schema) throw new Error(`the setting registration.schema names no schema: ${ports.registrationSchema()}`);
  const filled = traitsOf(schema, { form: 'registration' }, account.values, {});
  if ('messages' in filled) return failed('upstream_incomplete');
  const admission = await ports.throttle.admitRegistration(address, now);
  if (!admission.admitted) return ask({ '': [errorMessage('throttled')] }, admission.retryAt, {});
  const sub = newSubject(now);
  const made = await ports.links.register({
    ...{ sub, schema, traits: filled.traits, link, browser: flow.browser },
    verifiedEmail: normalizeEmail(account.verifiedEmail ?? ''),
  });
  // Somebody here has this address. Whether it is the same person, only a sign-in here can tell: then the two are linked.
  if (made === 'taken') return ask({ '': [errorMessage('upstream_account_exists')] }, undefined, { pending: link });
  return { kind: 'proved', person: { sub, security: made.security }, factor: { amr: [], at: made.at }, memory: {} };
}

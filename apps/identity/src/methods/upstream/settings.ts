import { ask, type SettingsPart, type Submission } from '../../flows/method.ts';
import { errorMessage, infoMessage } from '../../flows/state.ts';
import { askedOf, comeBack, goOut } from './answer.ts';
import { buttons, type UpstreamPorts } from './sign-in.ts';

/** Linked accounts: which there are, one more, one less. */
export const upstreamSettings = (ports: UpstreamPorts): SettingsPart => ({
  async offer({ person }) {
    const links = person === undefined ? [] : await ports.links.ofPerson(person.sub);
    const form = await buttons(ports);
    if (form === undefined && links.length === 0) return undefined;
    const names = new Map(form?.actions?.map(({ value, parameters }) => [value, parameters?.['name']]));
    const items = links.map(({ providerId, subject, name, createdAt, usedAt }) => ({
      id: JSON.stringify([providerId, subject]),
      name: `${names.get(providerId) ?? providerId}: ${name}`,
      create_time_ms: createdAt,
      use_time_ms: usedAt,
      details: { provider_id: providerId },
      actions: [{ value: 'unlink', id: 'upstream_unlink', parameters: {} }],
    }));
    const actions = (form?.actions ?? []).map((action) => ({ ...action, id: 'upstream_link' }));
    return { fields: [], items, actions };
  },

  async submit(submission) {
    const { values, memory, handle, now, person } = submission;
    if (person === undefined) return ask({ '': [errorMessage('flow_expired')] });
    if (values['action'] === 'unlink') return unlink(submission, person.sub, ports);
    if (values['answer'] === undefined) {
      const out = await goOut(values['action'] ?? '', submission, handle, true, ports);
      return typeof out === 'string' ? ask({ '': [errorMessage(out)] }) : { kind: 'redirect', url: out.url, memory: { ...out.asked } };
    }
    const asked = askedOf(memory);
    if (!asked || asked.providerId !== values['provider']) return ask({ '': [errorMessage('upstream_failed')] }, undefined, {});
    const back = await comeBack(values['answer'], asked, now, ports);
    if (typeof back === 'string') return ask({ '': [errorMessage(back)] }, undefined, {});
    const { subject, name } = back.account;
    // Both sides are proved: here by the session, which is fresh, and there just now.
    const linked = await ports.links.link(person.sub, { providerId: asked.providerId, subject, name });
    if (linked === 'taken') return ask({ '': [errorMessage('upstream_taken')] }, undefined, {});
    return { kind: 'changed', messages: { '': [infoMessage('upstream_linked')] }, memory: {} };
  },
});

async function unlink({ values }: Submission, sub: string, { links }: UpstreamPorts) {
  const [providerId, subject] = itemOf(values['item'] ?? '');
  const unlinked = await links.unlink(sub, { providerId, subject });
  if (unlinked === 'last_way_in') return ask({ '': [errorMessage('upstream_last_way_in')] });
  return { kind: 'changed' as const, messages: { '': [infoMessage('upstream_unlinked')] } };
}

function itemOf(item: string): [string, string] {
  try {
    const [providerId, subject] = JSON.parse(item) as unknown[]; // looked at below
    if (typeof providerId === 'string' && typeof subject === 'string') return [providerId, subject];
  } catch {
    // As below.
  }
  return ['', ''];
}

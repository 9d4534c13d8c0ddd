import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceNames, topology } from './peers.ts';
import { componentLabel, type KubernetesObject, ofKind, ofService, only, type Peer, podOf, type PolicyRule } from './objects.ts';
import { chart, render, renderSet } from './render.ts';

const values: { topology: unknown } = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'));
const pairs = serviceNames.flatMap((caller) => serviceNames.map((callee) => ({ caller, callee })));

/** Whether `callee` serves `caller` any RPC. */
function mayReach(caller: string, callee: (typeof serviceNames)[number]): boolean {
  return Object.values(topology[callee]).some((callers) => callers.some((name) => name === caller));
}

function rules(objects: readonly KubernetesObject[], service: string, side: 'ingress' | 'egress'): PolicyRule[] {
  const spec = ofService(objects, 'NetworkPolicy', service).spec as Record<'ingress' | 'egress', PolicyRule[] | undefined>;
  return spec[side] ?? [];
}

function components(peers: readonly Peer[] | undefined): (string | undefined)[] {
  return (peers ?? []).map((peer) => peer.podSelector?.matchLabels[componentLabel]);
}

it('the chart has the table by which the services judge their callers', () => {
  expect(values.topology).toEqual(topology);
});

describe.each(pairs)('$caller -> $callee', ({ caller, callee }) => {
  const objects = renderSet(4, 'default');
  const allowed = mayReach(caller, callee);

  it(`${allowed ? 'is open' : 'is shut'} at both ends`, () => {
    const into = rules(objects, callee, 'ingress').filter((rule) => rule.ports.some(({ port }) => port === 'grpc'));
    const outOf = rules(objects, caller, 'egress').filter((rule) => rule.ports.some(({ port }) => port === 9000));
    expect(into.some((rule) => components(rule.from).includes(caller))).toBe(allowed);
    expect(outOf.some((rule) => components(rule.to).includes(callee))).toBe(allowed);
    // A rule without peers would let everybody in.
    for (const rule of into) expect(rule.from?.length).toBeGreaterThan(0);
    for (const rule of outOf) expect(rule.to?.length).toBeGreaterThan(0);
  });

  it(`${allowed ? 'has' : 'needs'} ${allowed ? 'an' : 'no'} address`, () => {
    const [container] = podOf(ofService(objects, 'Deployment', caller)).containers;
    const address = container?.env.find(({ name }) => name === `AUTHORITY_${callee.toUpperCase()}_ADDRESS`)?.value;
    expect(address).toBe(allowed ? `authority-${callee}:9000` : undefined);
  });
});

it('every pod is under a policy for both directions', () => {
  const objects = renderSet(4, 'default');
  for (const service of [...serviceNames, 'migrate']) {
    expect(ofService(objects, 'NetworkPolicy', service).spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
  }
});

it('identity, and no other, may send mails, and only where there is a mail server', () => {
  const mailing = (set: 'default' | 'large') =>
    serviceNames.filter((service) =>
      rules(renderSet(4, set), service, 'egress').some((rule) => rule.ports.some(({ port }) => port === 465)),
    );
  expect(mailing('default')).toEqual([]);
  expect(mailing('large')).toEqual(['identity']);
});

it('no pod reaches the admin listener unless the values say which', () => {
  const ports = (objects: KubernetesObject[]) => rules(objects, 'admin', 'ingress').flatMap((rule) => rule.ports.map(({ port }) => port));
  expect(ports(renderSet(4, 'default'))).not.toContain('admin');
  expect(ports(renderSet(4, 'large'))).toContain('admin');
});

it('the gateway, which holds nothing, reaches neither store', () => {
  const ports = rules(renderSet(4, 'large'), 'gateway', 'egress').flatMap((rule) => rule.ports.map(({ port }) => port));
  expect(ports).not.toContain(5432);
  expect(ports).not.toContain(6379);
});

it('token and identity, and nobody else, go out of themselves: to public addresses over https', () => {
  const outward = serviceNames.filter((service) =>
    rules(renderSet(4, 'default'), service, 'egress').some((rule) => rule.ports.some(({ port }) => port === 443)),
  );
  expect(outward).toEqual(['token', 'identity']);
  for (const service of outward) {
    const rule = only(rules(renderSet(4, 'default'), service, 'egress').filter((one) => one.ports.some(({ port }) => port === 443)));
    expect(rule.ports).toHaveLength(1);
    // Without peers it would be anywhere, the cluster's metadata service among them.
    expect(JSON.stringify(rule.to)).toContain('169.254.0.0/16');
  }
});

it('an entry that is taken out of the table shuts the way', () => {
  const objects = render(
    4,
    '--set-json',
    'topology.session={"authority.session.v1.SessionService/Resolve":["token"]}',
    '--set-json',
    'topology.session.authority\\.session\\.v1\\.SessionService/Begin=[]',
    '--set-json',
    'topology.session.authority\\.session\\.v1\\.SessionService/End=[]',
    '--set-json',
    'topology.session.authority\\.session\\.v1\\.SessionService/Attest=[]',
    '--set-json',
    'topology.session.authority\\.session\\.v1\\.SessionService/ListOwn=[]',
    '--set-json',
    'topology.session.authority\\.session\\.v1\\.SessionService/EndOwn=[]',
  );
  const rule = only(rules(objects, 'session', 'ingress').filter((one) => one.ports.some(({ port }) => port === 'grpc')));
  expect(components(rule.from)).not.toContain('gateway');
  expect(ofKind(objects, 'NetworkPolicy')).toHaveLength(6);
});

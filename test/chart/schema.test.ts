import { describe, expect, it } from 'vitest';
import { chart, helm } from './render.ts';
import { helms } from './tools.ts';

interface BadValues {
  readonly title: string;
  readonly set: string;
  /** What the message must name. */
  readonly names: readonly string[];
}

const badValues: readonly BadValues[] = [
  { title: 'a misspelt service', set: 'gatway={}', names: ['gatway'] },
  { title: 'a misspelt setting of a service', set: 'token={"replica":3}', names: ['token', 'replica'] },
  { title: 'no pods', set: 'token={"replicas":0}', names: ['replicas'] },
  { title: 'text where a number belongs', set: 'session={"replicas":"three"}', names: ['replicas'] },
  { title: 'RFC 8414 §2: an http issuer that is not loopback', set: 'issuer="http://auth.example.com"', names: ['issuer'] },
  { title: 'RFC 8414 §2: an issuer with a query', set: 'issuer="https://auth.example.com/?x=1"', names: ['issuer'] },
  { title: 'an issuer with a slash at its end', set: 'issuer="https://auth.example.com/"', names: ['issuer'] },
  { title: 'some of the database URLs', set: 'database={"urls":{"token":"postgres://a@b/c"}}', names: ['database', 'urls'] },
  { title: 'a URL of another database', set: 'redis={"url":"mysql://localhost"}', names: ['redis', 'url'] },
  { title: 'an unknown way to make certificates', set: 'certificates={"mode":"none"}', names: ['certificates', 'mode'] },
  {
    title: 'existing certificates, one missing',
    set: 'certificates={"mode":"existing","existing":{"gateway":"a"}}',
    names: ['existing', 'token'],
  },
  { title: 'a secret as a variable', set: 'token={"env":{"AUTHORITY_SECRETS":"x"}}', names: ['AUTHORITY_SECRETS'] },
  {
    title: 'an unknown caller in the topology',
    set: 'topology={"identity":{"authority.identity.v1.FlowService":["console"]}}',
    names: ['FlowService'],
  },
  { title: 'a route that hangs on nothing', set: 'gatewayApi={"enabled":true}', names: ['parentRefs'] },
  { title: 'an unknown kind of registration', set: 'token={"registration":"maybe"}', names: ['registration'] },
  {
    title: 'RFC 8705: a header with certificates, believed of nobody',
    set: 'gateway={"clientCertificateHeader":"Client-Cert"}',
    names: ['gateway', 'trustedProxies'],
  },
  { title: 'a header with a space', set: 'gateway={"clientCertificateHeader":"Client Cert"}', names: ['clientCertificateHeader'] },
  { title: 'certificates of clients without TLS', set: 'gateway={"tls":{"clientCertificates":true}}', names: ['tls', 'existingSecret'] },
  { title: 'authorities of clients in no secret', set: 'gateway={"tls":{"clientCaKey":"clients.crt"}}', names: ['gateway', 'tls'] },
  { title: 'authorities of clients without a key', set: 'gateway={"tls":{"clientCaSecret":"clients"}}', names: ['tls', 'clientCaKey'] },
  {
    title: 'authorities of clients whose certificates never arrive',
    set: 'gateway={"tls":{"clientCaSecret":"clients","clientCaKey":"clients.crt"}}',
    names: ['gateway'],
  },
  { title: 'a peer of a policy with no such field', set: 'networkPolicy={"adminFrom":[{"pod":{}}]}', names: ['adminFrom'] },
];

describe.each(helms)('helm $major refuses', ({ major }) => {
  it.each(badValues)('$title', ({ set, names }) => {
    const { status, stdout, stderr } = helm(major, ['template', 'authority', chart, '--set-json', set]);
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/don't meet the specifications of the schema/);
    for (const name of names) expect(stderr).toContain(name);
  });

  it.each([
    ['database', '{"existingSecret":"mine","urls":URLS}'],
    ['redis', '{"existingSecret":"mine","url":"redis://redis"}'],
  ])('a secret of yours and a URL beside it: %s', (name, value) => {
    const urls = JSON.stringify(
      Object.fromEntries(['token', 'session', 'identity', 'admin', 'migration'].map((who) => [who, 'postgres://a@b/c'])),
    );
    const { status, stderr } = helm(major, ['template', 'authority', chart, '--set-json', `${name}=${value.replace('URLS', urls)}`]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`${name}: set existingSecret or urls?, not both`));
  });
});

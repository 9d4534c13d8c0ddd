import { AuditServiceService } from '@authority/contracts/admin';
import { ApplicationServiceService } from '@authority/contracts/token';
import type { Client } from '@authority/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeEnvelope } from '../testing/bench.ts';
import { type ServiceBench, serviceBench } from '../testing/service.ts';

let service: ServiceBench;
let applications: Client<typeof ApplicationServiceService>;

beforeAll(async () => {
  service = await serviceBench();
  applications = service.gateway.connect('token', ApplicationServiceService);
});
afterAll(() => service?.close());

const grant = async (sub: string, changes = {}) => {
  const envelope = codeEnvelope({ sub, ...changes });
  await service.stores.authorizationCodes.redeem(service.stores.authorizationCodes.seal(envelope), envelope, Date.now());
  return envelope;
};

test('applications: nobody is told anything without a session', async () => {
  expect(await applications.listApplications({ session: 'unknown' })).toEqual({ signed_in: false, applications: [] });
  expect(await applications.revokeApplication({ session: 'unknown', client_id: 'c' })).toEqual({ signed_in: false });
});

test('applications: one entry a client, with all that it may do; taking it back ends its grants and its consent, and nobody else’s', async () => {
  const [sub, other] = ['applications-of-ann', 'applications-of-bob'];
  const first = await grant(sub);
  await grant(other);
  await grant(sub);
  const { client_id } = first;
  const session = service.signIn({ sub });
  const listed = await applications.listApplications({ session });
  expect(listed.applications).toMatchObject([{ client: { client_id }, grants: 2 }]);
  expect(await applications.revokeApplication({ session, client_id })).toEqual({ signed_in: true });
  expect((await applications.listApplications({ session })).applications).toEqual([]);
  expect((await applications.listApplications({ session: service.signIn({ sub: other }) })).applications).toMatchObject([{ grants: 1 }]);
  const audit = service.admin.connect('token', AuditServiceService);
  const filter = `target = "grant:${first.grant_id}"`;
  const { audit_events } = await audit.listAuditEvents({ page_size: 0, page_token: '', filter }, { operator: 'alice' });
  expect(audit_events).toMatchObject([{ action: 'grant.revoke', actor: `user:${sub}` }]);
});

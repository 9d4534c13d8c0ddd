import { type CreatedClient, Operator, Person, post, RelyingParty, startFiveProcesses, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const password = 'violet tractor hums 42 lullabies';

let suite: Suite;
let operator: Operator;
let app: CreatedClient;
beforeAll(async () => {
  suite = await startFiveProcesses({ redis: true, tokenReplicas: 2 });
  operator = new Operator(suite);
  app = await operator.createClient({
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code'],
    scope: 'openid',
    consent_skipped: true,
    require_pushed_authorization_requests: true,
  });
});
afterAll(async () => {
  operator?.close();
  await suite?.stop();
});

async function push(): Promise<string> {
  const { url } = new RelyingParty(suite.issuer, app, 'openid').begin();
  const answer = await post(`${suite.issuer}/oauth2/par`, Object.fromEntries(new URL(url).searchParams), app);
  const { request_uri } = answer.json();
  return `${suite.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: app.client_id, request_uri: String(request_uri) })}`;
}

let people = 0;
async function signedIn(): Promise<Person> {
  const email = `person-${++people}@example.com`;
  await operator.createIdentity({ email, password });
  const person = new Person(suite.issuer, email, password);
  await person.signIn();
  return person;
}

describe('RFC 9126 over two replicas of the token service, on Redis', () => {
  test('§4: what one replica was told, every replica answers', async () => {
    const person = await signedIn();
    const urls = await Promise.all(Array.from({ length: 20 }, push));
    for (const url of urls) expect((await person.visit(url)).url.searchParams.get('code')).toBeTruthy();
  });

  test('§7.3: of many that use one request_uri at once, one gets a code', async () => {
    const everybody = await Promise.all(Array.from({ length: 6 }, signedIn));
    for (let round = 0; round < 5; round++) {
      const url = await push();
      const places = await Promise.all(everybody.map((person) => person.visit(url)));
      expect(places.filter((place) => place.url.searchParams.get('code') !== null)).toHaveLength(1);
      expect(places.filter(({ page }) => page?.status === 400)).toHaveLength(5);
    }
  });
});

import { mkdtempSync } from 'node:fs';
import { Operator, Person, RelyingParty, readWork, startCollector, startFiveProcesses } from '@authority/testing/suite';
import { test } from 'vitest';
test('look', async () => {
  const collector = await startCollector();
  const dir = mkdtempSync('/tmp/proof-cov-');
  const suite = await startFiveProcesses({ redis: true, env: { ...collector.env, NODE_V8_COVERAGE: dir } });
  try {
    const operator = new Operator(suite);
    await operator.createIdentity({ email: 'a@example.com', password: 'violet tractor hums 42 lullabies' });
    const web = await operator.createClient({ redirect_uris: ['http://127.0.0.1:9/callback'], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], scope: 'openid email offline_access' });
    const party = new RelyingParty(suite.issuer, web);
    const t = await party.tokens(new Person(suite.issuer, 'a@example.com', 'violet tractor hums 42 lullabies'));
    await party.userInfo(t.access_token);
  } finally { await Promise.all([...suite.processes.values()].map((p) => p.end())); }
  const work = readWork(dir);
  for (const pkg of ['node_modules/@nestjs/microservices', 'node_modules/@grpc/grpc-js', 'libs/contracts/src/generated', 'node_modules/jose', 'node_modules/ioredis', 'node_modules/typeorm', 'node_modules/pg/', '@opentelemetry/sdk-node']) {
    const all = [...work].filter(([p]) => p.includes(pkg)).flatMap(([p, f]) => [...f].map(([n, c]) => `${p.replace(pkg, '')}:${n}=${c}`));
    console.log(pkg, all.length, all.filter((x) => /listen|Migration|erify|sendCommand|query|decode|encode|makeUnary|sendMessage|start|createMicro|addHandler/i.test(x)).slice(0, 40).join(' '));
  }
  await suite.stop(); await collector.close();
});

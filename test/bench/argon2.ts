// The bare rate of passwords: one thread on the servers' core that verifies and does nothing else. Argument: seconds.
import { hashSync, verifySync } from '@node-rs/argon2';

const [seconds = '1'] = process.argv.slice(2);
/** What Authority uses (docs/performance.md 5). */
const phc = hashSync('correct horse battery staple 9', { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 });
const before = process.cpuUsage();
const startedAt = performance.now();
let verified = 0;
while (performance.now() - startedAt < Number(seconds) * 1000) {
  if (!verifySync(phc, 'correct horse battery staple 9')) throw new Error('the password is right');
  verified += 1;
}
const { user, system } = process.cpuUsage(before);
const perSecond = (verified * 1000) / (performance.now() - startedAt);
process.stdout.write(JSON.stringify({ perSecond, cpuMillis: (user + system) / 1000 / verified }));

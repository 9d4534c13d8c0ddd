import { afterAll, beforeAll, describe } from 'vitest';
import { accountTests } from './sign-in/account.ts';
import { pageTests } from './sign-in/pages.ts';
import { promptTests } from './sign-in/prompts.ts';
import { signOutTests } from './sign-in/sign-out.ts';
import { tokenTests } from './sign-in/tokens.ts';
import { walkTests } from './sign-in/walk.ts';
import { type Mode, openWorld, type World } from './sign-in/world.ts';

/** In full on the default start and on the cluster's form; the two other combinations walk from registration to revocation. */
const modes: readonly (Mode & { full: boolean })[] = [
  { name: 'one process, PostgreSQL', processes: 'one', redis: false, full: true },
  { name: 'five processes, Redis', processes: 'five', redis: true, full: true },
  { name: 'one process, Redis', processes: 'one', redis: true, full: false },
  { name: 'five processes, PostgreSQL', processes: 'five', redis: false, full: false },
];

describe.each(modes)('issue 2 "The suite": $name', (mode) => {
  let world: World;
  const current = (): World => world;
  beforeAll(async () => {
    world = await openWorld(mode);
  });
  afterAll(() => world?.close());

  walkTests(current);
  if (!mode.full) return;
  promptTests(current);
  tokenTests(current);
  signOutTests(current);
  pageTests(current);
  accountTests(current);
});

import { randomUUID } from 'node:crypto';
import type { Account, Accounts, LookedUp, NewAccount } from './accounts/ports.ts';
import type { Completion, Completions, FlowState, Flows, StoredFlow } from './flows/state.ts';
import type { Mail } from './mails/kinds.ts';
import type { Mails } from './mails/mails.ts';
import type { Assessment, Passwords } from './passwords/passwords.ts';

/** Counters and indexes in memory, with fixed windows of the clock given. */
export class FakeCounters {
  now = 0;
  readonly #counts = new Map<string, number>();
  readonly #members = new Map<string, Set<string>>();

  increment = async (space: string, key: string, windowMs: number): Promise<number> => {
    const place = `${space} ${key} ${Math.floor(this.now / windowMs)}`;
    const count = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    return count;
  };

  indexAdd = async (space: string, key: string, member: string): Promise<void> => {
    const place = `${space} ${key}`;
    this.#members.set(place, (this.#members.get(place) ?? new Set()).add(member));
  };

  indexMembers = async (space: string, key: string): Promise<string[]> => [...(this.#members.get(`${space} ${key}`) ?? [])];
}

export class FakeFlows implements Flows {
  readonly #states = new Map<string, FlowState>();

  start = async (state: FlowState): Promise<StoredFlow> => {
    const handle = randomUUID();
    this.#states.set(handle, state);
    return { handle, id: handle, stored: '', state };
  };

  find = async (handle: string): Promise<StoredFlow | undefined> => {
    const state = this.#states.get(handle);
    return state && { handle, id: handle, stored: '', state };
  };

  change = async (flow: StoredFlow, state: FlowState): Promise<void> => {
    if (this.#states.has(flow.id)) this.#states.set(flow.id, state);
  };

  finish = async (flow: StoredFlow): Promise<boolean> => this.#states.delete(flow.id);
}

export class FakeCompletions implements Completions {
  readonly kept = new Map<string, Completion>();

  put = async (completion: Completion): Promise<string> => {
    const handle = randomUUID();
    this.kept.set(handle, completion);
    return handle;
  };

  take = async (handle: string): Promise<Completion | undefined> => {
    const completion = this.kept.get(handle);
    this.kept.delete(handle);
    return completion;
  };
}

/** Passwords whose "hash" is `hash:<password>`; remembers how often it was asked. */
export class FakePasswords implements Passwords {
  verified = 0;
  assessment: Assessment = { breached: false, score: 4 };

  hash = async (password: string): Promise<string> => `hash:${password}`;

  verify = async (phc: string | undefined, password: string): Promise<boolean> => {
    this.verified += 1;
    return phc === `hash:${password}`;
  };

  needsRehash = (phc: string): boolean => phc.startsWith('old');

  assess = async (): Promise<Assessment> => this.assessment;
}

export class FakeAccounts implements Accounts {
  readonly byIdentifier = new Map<string, Account>();
  readonly known = new Set<string>();
  at = 1000;

  findByIdentifier = async (identifier: string, browser: string): Promise<LookedUp> => {
    const account = this.byIdentifier.get(identifier);
    const knownBrowser = account !== undefined && this.known.has(`${account.sub} ${browser}`);
    return { at: this.at, account: account && { ...account, knownBrowser } };
  };

  findForCompletion = async (sub: string) => [...this.byIdentifier.values()].find((account) => account.sub === sub);

  register = async (account: NewAccount): Promise<{ security: number; at: number } | undefined> => {
    if (this.byIdentifier.has(account.identifier)) return undefined;
    const { sub, passwordHash } = account;
    const made = { sub, passwordHash, disabled: false, secondFactor: false, security: 1, knownBrowser: false, freshBrowser: false };
    this.byIdentifier.set(account.identifier, made);
    return { security: 1, at: this.at };
  };

  signedIn = async (sub: string, browser: string): Promise<void> => void this.known.add(`${sub} ${browser}`);
}

/** Mails that would be sent, oldest first. @public For the tests of whoever sends some. */
export class FakeMails implements Mails {
  readonly sent: Mail[] = [];

  send = async (_tx: unknown, mail: Mail): Promise<void> => void this.sent.push(mail);
}

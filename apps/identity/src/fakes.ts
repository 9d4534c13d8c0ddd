import { randomUUID } from 'node:crypto';
import type { Mail } from './mails/kinds.ts';
import type { Mails } from './mails/mails.ts';
import { type IdentifierKind, kindOfIdentifier } from './accounts/identifier.ts';
import type { Account, Accounts, Known, LookedUp, NewAccount, PasswordChange, Taken, TraitChange } from './accounts/ports.ts';
import type { Traits } from './accounts/traits.ts';
import type { Attestation, Completion, FlowState, Flows, Once, StoredFlow } from './flows/state.ts';
import type { Assessment, Passwords } from './passwords/passwords.ts';
import type { Schemas } from './schemas/ports.ts';
import { findPreset } from './schemas/presets/index.ts';

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
    return { handle, id: handle, stored: JSON.stringify(state), state };
  };

  find = async (handle: string): Promise<StoredFlow | undefined> => {
    const state = this.#states.get(handle);
    return state && { handle, id: handle, stored: JSON.stringify(state), state };
  };

  change = async (flow: StoredFlow, state: FlowState): Promise<boolean> => {
    if (JSON.stringify(this.#states.get(flow.id)) !== flow.stored) return false;
    this.#states.set(flow.id, state);
    return true;
  };

  finish = async (flow: StoredFlow): Promise<boolean> => this.#states.delete(flow.id);
}

class FakeOnce<T> implements Once<T> {
  readonly kept = new Map<string, T>();

  put = async (value: T): Promise<string> => {
    const handle = randomUUID();
    this.kept.set(handle, value);
    return handle;
  };

  take = async (handle: string): Promise<T | undefined> => {
    const value = this.kept.get(handle);
    this.kept.delete(handle);
    return value;
  };
}

export class FakeCompletions extends FakeOnce<Completion> {}
export class FakeAttestations extends FakeOnce<Attestation> {}

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

/** The schemas that ship. `use` is that of registration. */
export class FakeSchemas implements Schemas {
  use = 'default';

  find = async (id: string) => findPreset(id)?.schema;
  newest = async (id: string) => findPreset(id)?.schema;
  registrationSchema = (): string => this.use;
  signInKinds = async (): Promise<IdentifierKind[]> =>
    findPreset(this.use)?.schema.traits.flatMap(({ annotation }) => annotation.identifier ?? []) ?? [];
}

export class FakeAccounts implements Accounts {
  readonly byIdentifier = new Map<string, Account>();
  readonly known = new Set<string>();
  readonly traits = new Map<string, Traits>();
  at = 1000;

  findByIdentifier = async (identifier: string, browser: string): Promise<LookedUp> => {
    const account = this.byIdentifier.get(identifier);
    const knownBrowser = account !== undefined && this.known.has(`${account.sub} ${browser}`);
    return { at: this.at, account: account && { ...account, knownBrowser } };
  };

  findForFlow = async (sub: string): Promise<Known | undefined> => {
    const [name, account] = [...this.byIdentifier].find(([, one]) => one.sub === sub) ?? [];
    return name === undefined || !account
      ? undefined
      : { ...account, name, traits: this.traits.get(sub) ?? { email: name }, schema: { id: 'default', version: 1 } };
  };

  findPassword = async (sub: string): Promise<string | undefined> => this.#of(sub)?.passwordHash;

  register = async (account: NewAccount): Promise<{ security: number; at: number } | Taken> => {
    const identifiers = account.schema.identifiersOf(account.traits).map(({ value }) => value);
    const taken = identifiers.find((value) => this.byIdentifier.has(value));
    if (taken !== undefined) return { taken: kindOfIdentifier(taken) };
    const { sub, credential } = account;
    const passwordHash = 'passwordHash' in credential ? credential.passwordHash : undefined;
    const made = { sub, passwordHash, disabled: false, secondFactor: false, security: 1, knownBrowser: false };
    for (const value of identifiers) this.byIdentifier.set(value, made);
    this.traits.set(sub, account.traits);
    return { security: 1, at: this.at };
  };

  changeTraits = async ({ sub, schema, traits }: TraitChange): Promise<'changed' | Taken> => {
    const account = this.#of(sub);
    const wanted = schema.identifiersOf(traits).map(({ value }) => value);
    const taken = wanted.find((value) => (this.byIdentifier.get(value)?.sub ?? sub) !== sub);
    if (taken !== undefined) return { taken: kindOfIdentifier(taken) };
    for (const [name, one] of this.byIdentifier) if (one.sub === sub) this.byIdentifier.delete(name);
    for (const value of wanted) if (account) this.byIdentifier.set(value, account);
    this.traits.set(sub, traits);
    return 'changed';
  };

  signedIn = async (sub: string, browser: string): Promise<{ isNewBrowser: boolean }> => {
    const before = this.known.size;
    this.known.add(`${sub} ${browser}`);
    return { isNewBrowser: before > 0 && this.known.size > before };
  };

  rehash = async (sub: string, { to }: { to: string }): Promise<void> => this.#set(sub, { passwordHash: to });

  changePassword = async ({ sub, passwordHash, endsSessions }: PasswordChange): Promise<{ security: number; at: number }> => {
    const security = (this.#of(sub)?.security ?? 0) + (endsSessions ? 1 : 0);
    this.#set(sub, { passwordHash, security });
    return { security, at: this.at };
  };

  #of(sub: string): Account | undefined {
    return [...this.byIdentifier.values()].find((account) => account.sub === sub);
  }

  #set(sub: string, change: Partial<Account>): void {
    for (const [name, account] of this.byIdentifier) if (account.sub === sub) this.byIdentifier.set(name, { ...account, ...change });
  }
}

/** Mails that would be sent, oldest first. @public For the tests of whoever sends some. */
export class FakeMails implements Mails {
  readonly sent: Mail[] = [];

  send = async (_tx: unknown, mail: Mail): Promise<void> => void this.sent.push(mail);
}

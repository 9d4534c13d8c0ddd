import { appendAudit } from '@authority/audit';
import {
  type CreateIdentityRequest,
  type DeleteIdentityRequest,
  Identity,
  type ListIdentitiesRequest,
  type ListIdentitiesResponse,
  type SetPasswordRequest,
  type UpdateIdentityRequest,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { appendFeed, type FeedEvent, type FeedSource } from '@authority/feed';
import { applyMask, assertEtag, fieldInvalid, maskedPaths, refusal } from '@authority/listing';
import type { Database, Queryable } from '@authority/postgres';
import type { Passwords } from '../passwords/passwords.ts';
import { normalizePassword } from '../passwords/passwords.ts';
import { findPasswordFault, type PasswordRules } from '../passwords/policy.ts';
import { IdentifierTaken, insertAccount, setPassword, takeIdentifier } from '../postgres/accounts.ts';
import { changeIdentity, findIdentity, freeIdentifiers, listIdentities, lockIdentity, removeIdentity } from '../postgres/identities.ts';
import { normalizeEmail } from './email.ts';
import { newSubject } from './subject.ts';
import { parseTraits, type Traits } from './traits.ts';

export interface DirectoryPorts {
  readonly database: Database;
  readonly feed: Pick<FeedSource, 'passed'>;
  readonly passwords: Pick<Passwords, 'assess' | 'hash'>;
  readonly rules: () => PasswordRules;
  readonly now: () => number;
}

const changeable = ['traits', 'email_verified', 'disabled'] as const;

/** Identities as operators manage them. Each change has its audit row and its feed entry in its own transaction, and
 *  answers when the dependents have passed it. */
export class Directory {
  readonly #ports: DirectoryPorts;

  constructor(ports: DirectoryPorts) {
    this.#ports = ports;
  }

  list(request: ListIdentitiesRequest): Promise<ListIdentitiesResponse> {
    return listIdentities(this.#ports.database, request);
  }

  async get(sub: string): Promise<Identity> {
    return (await findIdentity(this.#ports.database, sub)) ?? unknown();
  }

  async create(request: CreateIdentityRequest, actor: string): Promise<Identity> {
    const asked = request.identity ?? Identity.create();
    const traits = readTraits(asked.traits);
    const passwordHash = request.password === '' ? undefined : await this.#hash(request.password, traits);
    const sub = newSubject(this.#ports.now());
    return orTaken(() =>
      this.#ports.database.transaction(async (tx) => {
        const { email_verified: emailVerified, disabled } = asked;
        await insertAccount(tx, { sub, identifier: identifierOf(traits), traits: JSON.stringify(traits), emailVerified, disabled });
        if (passwordHash !== undefined) await setPassword(tx, sub, passwordHash);
        await appendAudit(tx, { action: 'identity.create', actor, target: `identity:${sub}` });
        return (await findIdentity(tx, sub)) ?? unknown();
      }),
    );
  }

  async update(request: UpdateIdentityRequest, actor: string): Promise<{ identity: Identity; propagating: boolean }> {
    const patch = request.identity ?? Identity.create();
    const paths = maskedPaths(request.update_mask, changeable);
    const traits = paths.includes('traits') ? readTraits(patch.traits) : undefined;
    const { identity, entry } = await orTaken(() =>
      this.#ports.database.transaction(async (tx) => {
        const before = (await lockIdentity(tx, patch.sub)) ?? unknown();
        assertEtag(patch.etag, before.etag);
        const next = applyMask(before, patch, paths, changeable);
        if (traits) await this.#moveIdentifier(tx, before, next, traits, paths.includes('email_verified'));
        const disables = next.disabled && !before.disabled;
        await changeIdentity(tx, next, disables);
        const action = before.disabled === next.disabled ? 'identity.update' : disables ? 'identity.disable' : 'identity.enable';
        await appendAudit(tx, { action, actor, target: `identity:${before.sub}`, details: { changed: paths } });
        const appended = disables ? await appendEnd(tx, 'identity_disabled', before.sub, 'operator') : undefined;
        return { identity: (await findIdentity(tx, before.sub)) ?? unknown(), entry: appended };
      }),
    );
    return { identity, propagating: entry !== undefined && !(await this.#ports.feed.passed(entry)) };
  }

  async delete(request: DeleteIdentityRequest, actor: string): Promise<{ propagating: boolean }> {
    const entry = await this.#ports.database.transaction(async (tx) => {
      const before = (await lockIdentity(tx, request.sub)) ?? unknown();
      assertEtag(request.etag, before.etag);
      await removeIdentity(tx, before.sub);
      await appendAudit(tx, { action: 'identity.delete', actor, target: `identity:${before.sub}` });
      return appendEnd(tx, 'identity_deleted', before.sub, 'operator');
    });
    return { propagating: !(await this.#ports.feed.passed(entry)) };
  }

  async setPassword(request: SetPasswordRequest, actor: string): Promise<{ propagating: boolean }> {
    const known = await this.get(request.sub);
    const passwordHash = await this.#hash(request.password, readTraits(known.traits));
    const entry = await this.#ports.database.transaction(async (tx) => {
      const before = (await lockIdentity(tx, request.sub)) ?? unknown();
      await setPassword(tx, before.sub, passwordHash);
      await changeIdentity(tx, before, true);
      await appendAudit(tx, { action: 'identity.set_password', actor, target: `identity:${before.sub}` });
      return appendEnd(tx, 'credential_changed', before.sub, 'password_reset');
    });
    return { propagating: !(await this.#ports.feed.passed(entry)) };
  }

  /** Another address is not verified because the one before was, unless the operator says so. */
  async #moveIdentifier(tx: Queryable, before: Identity, next: Identity, traits: Traits, saysVerified: boolean): Promise<void> {
    next.traits = JSON.stringify(traits);
    const identifier = identifierOf(traits);
    if (identifier === identifierOf(readTraits(before.traits))) return;
    if (!saysVerified) next.email_verified = false;
    await freeIdentifiers(tx, before.sub);
    await takeIdentifier(tx, before.sub, identifier);
  }

  async #hash(password: string, traits: Traits): Promise<string> {
    const normalized = normalizePassword(password);
    const rules = this.#ports.rules();
    const fault = await findPasswordFault(normalized, Object.values(traits), rules, this.#ports.passwords);
    if (fault === undefined) return this.#ports.passwords.hash(normalized);
    const reason = fault === 'password_breached' ? 'password_breached' : 'password_too_weak';
    throw refusal(reason, [{ field: 'password', description: faultTexts[fault](rules) }]);
  }
}

const faultTexts = {
  password_too_short: ({ minLength }: PasswordRules) => `must have at least ${minLength} characters`,
  password_too_long: () => 'must have at most 1024 bytes',
  password_breached: () => 'is in lists of passwords that were stolen elsewhere; choose another',
  password_too_weak: () => 'is easily guessed; make it longer or less regular',
} as const;

const appendEnd = (tx: Queryable, event: FeedEvent, sub: string, why: string) => appendFeed(tx, { event, sub, why });

function unknown(): never {
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: 'there is no such identity' });
}

function readTraits(json: string): Traits {
  const traits = parseTraits(json, 'identity.traits');
  if (Array.isArray(traits)) throw refusal('field_invalid', traits);
  return traits;
}

function identifierOf(traits: Traits): string {
  const identifier = normalizeEmail(traits.email);
  if (identifier === undefined) throw fieldInvalid('identity.traits.email', 'must be an e-mail address');
  return identifier;
}

async function orTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IdentifierTaken)) throw error;
    throw new StatusError('ALREADY_EXISTS', 'identity_exists', {
      message: 'identity.traits.email: belongs to another identity',
      violations: [{ field: 'identity.traits.email', description: 'belongs to another identity' }],
    });
  }
}

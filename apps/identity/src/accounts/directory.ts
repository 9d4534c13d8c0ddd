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
import { insertAccount, setPassword } from '../postgres/accounts.ts';
import { storeAddresses, unverifyAddress, verifyAddress } from '../postgres/addresses.ts';
import { IdentifierTaken, storeIdentifiers } from '../postgres/identifiers.ts';
import { changeIdentity, findIdentity, listIdentities, lockIdentity, removeIdentity } from '../postgres/identities.ts';
import { readTraits } from '../schemas/fit.ts';
import type { IdentitySchema } from '../schemas/identity-schema.ts';
import type { Schemas } from '../schemas/ports.ts';
import { addressKinds } from './identifier.ts';
import { newSubject } from './subject.ts';
import { textsOf, type Traits } from './traits.ts';

export interface DirectoryPorts {
  readonly database: Database;
  readonly feed: Pick<FeedSource, 'passed'>;
  readonly passwords: Pick<Passwords, 'assess' | 'hash'>;
  readonly rules: () => PasswordRules;
  readonly schemas: Schemas;
  /** The schema of people who register, and of whoever is created without one. */
  readonly registrationSchema: () => string;
  readonly now: () => number;
}

const changeable = ['schema_id', 'traits', 'email_verified', 'addresses', 'disabled'] as const;

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
    const schema = await this.#schema(asked.schema_id === '' ? this.#ports.registrationSchema() : asked.schema_id, 'live');
    const traits = fitting(schema, asked.traits);
    const passwordHash = request.password === '' ? undefined : await this.#hash(request.password, traits);
    const sub = newSubject(this.#ports.now());
    return orTaken(schema, () =>
      this.#ports.database.transaction(async (tx) => {
        const { email_verified: emailVerified, disabled } = asked;
        await insertAccount(tx, { sub, schema, traits, emailVerified, disabled });
        await this.#storeVerified(tx, sub, asked);
        if (passwordHash !== undefined) await setPassword(tx, sub, passwordHash);
        await appendAudit(tx, { action: 'identity.create', actor, target: `identity:${sub}` });
        return (await findIdentity(tx, sub)) ?? unknown();
      }),
    );
  }

  async update(request: UpdateIdentityRequest, actor: string): Promise<{ identity: Identity; propagating: boolean }> {
    const patch = request.identity ?? Identity.create();
    const paths = maskedPaths(request.update_mask, changeable);
    const known = await this.get(patch.sub);
    const movesTo = paths.includes('schema_id') && !['', known.schema_id].includes(patch.schema_id) ? patch.schema_id : undefined;
    // The newest version is what a change of traits has to fit; other changes leave the traits as they are.
    const newest = paths.includes('traits') || movesTo !== undefined;
    const schema = newest ? await this.#schema(movesTo ?? known.schema_id, movesTo === undefined ? 'any' : 'live') : undefined;
    const { identity, entry } = await orTaken(schema, () =>
      this.#ports.database.transaction(async (tx) => {
        const before = (await lockIdentity(tx, patch.sub)) ?? unknown();
        assertEtag(patch.etag, before.etag);
        if (schema && before.schema_id !== known.schema_id) assertEtag(known.etag, before.etag);
        const next = { ...applyMask(before, patch, paths, changeable), schema_id: before.schema_id };
        if (schema) await this.#moveTo(tx, schema, { before, next, saysVerified: paths.includes('email_verified') });
        const disables = next.disabled && !before.disabled;
        await changeIdentity(tx, next, disables);
        await this.#storePrimary(tx, next);
        if (paths.includes('addresses')) await this.#storeVerified(tx, before.sub, patch);
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
    const passwordHash = await this.#hash(request.password, JSON.parse(known.traits));
    const entry = await this.#ports.database.transaction(async (tx) => {
      const before = (await lockIdentity(tx, request.sub)) ?? unknown();
      await setPassword(tx, before.sub, passwordHash);
      await changeIdentity(tx, before, true);
      await appendAudit(tx, { action: 'identity.set_password', actor, target: `identity:${before.sub}` });
      return appendEnd(tx, 'credential_changed', before.sub, 'password_reset');
    });
    return { propagating: !(await this.#ports.feed.passed(entry)) };
  }

  /** Traits, identifiers and addresses by a version of a schema. Another address is not verified because the one before
   *  was, unless the operator says so. */
  async #moveTo(tx: Queryable, schema: IdentitySchema, { before, next, saysVerified }: Move): Promise<void> {
    const traits = fitting(schema, next.traits);
    const earlier = await this.#ports.schemas.find(before.schema_id, before.schema_version);
    const email = earlier?.addressOfClaim('email', JSON.parse(before.traits));
    if (email !== schema.addressOfClaim('email', traits) && !saysVerified) next.email_verified = false;
    Object.assign(next, { traits: JSON.stringify(traits), schema_id: schema.id, schema_version: schema.version });
    await storeIdentifiers(tx, before.sub, schema.identifiersOf(traits));
    await storeAddresses(tx, before.sub, schema.addressesOf(traits));
  }

  /** `email_verified` and the row of that address say the same. */
  async #storePrimary(tx: Queryable, { sub, traits, schema_id, schema_version, email_verified }: Identity): Promise<void> {
    const schema = await this.#ports.schemas.find(schema_id, schema_version);
    const email = schema?.addressOfClaim('email', JSON.parse(traits));
    if (email === undefined) return;
    if (email_verified) await verifyAddress(tx, sub, 'email', email);
    else await unverifyAddress(tx, sub, 'email', email);
  }

  /** What an operator says of the addresses that the traits have. */
  async #storeVerified(tx: Queryable, sub: string, { addresses }: Identity): Promise<void> {
    const identity = addresses.length === 0 ? undefined : ((await findIdentity(tx, sub)) ?? unknown());
    if (!identity) return;
    const schema = await this.#ports.schemas.find(identity.schema_id, identity.schema_version);
    const primary = schema?.addressOfClaim('email', JSON.parse(identity.traits));
    for (const { kind: asked, value, verified } of addresses) {
      const kind = addressKinds.find((one) => one === asked);
      const isTheirs = identity.addresses.some((one) => one.kind === kind && one.value === value);
      if (kind === undefined || !isTheirs)
        throw fieldInvalid('identity.addresses', 'must be addresses that its traits have, as GetIdentity tells them');
      if (verified) await verifyAddress(tx, sub, kind, value);
      else await unverifyAddress(tx, sub, kind, value);
      if (kind === 'email' && value === primary) await changeIdentity(tx, { ...identity, email_verified: verified }, false);
    }
  }

  async #schema(id: string, having: 'live' | 'any'): Promise<IdentitySchema> {
    const schema = await this.#ports.schemas.newest(id, having);
    if (!schema) throw fieldInvalid('identity.schema_id', `is no schema that there is: ${id.slice(0, 80)}`);
    return schema;
  }

  async #hash(password: string, traits: Traits): Promise<string> {
    const normalized = normalizePassword(password);
    const rules = this.#ports.rules();
    const fault = await findPasswordFault(normalized, textsOf(traits), rules, this.#ports.passwords);
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

interface Move {
  readonly before: Identity;
  readonly next: Identity;
  readonly saysVerified: boolean;
}

/** The traits; or what the schema has against them, by trait. */
function fitting(schema: IdentitySchema, json: string): Traits {
  const traits = readTraits(schema, json, 'identity.traits');
  if (Array.isArray(traits)) throw refusal('field_invalid', traits);
  return traits;
}

async function orTaken<T>(schema: IdentitySchema | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IdentifierTaken)) throw error;
    const trait = schema?.traits.find(({ annotation }) => annotation.identifier === error.kind)?.name ?? error.kind;
    const field = `identity.traits.${trait}`;
    const description = 'belongs to another identity';
    throw new StatusError('ALREADY_EXISTS', 'identity_exists', {
      message: `${field}: ${description}`,
      violations: [{ field, description }],
    });
  }
}

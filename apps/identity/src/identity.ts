import { type Ephemeral, openEphemeral } from '@authority/ephemeral';
import { FeedSource } from '@authority/feed';
import { runJobs } from '@authority/jobs';
import { deadLetterHandlers, type Outbox, openOutbox } from '@authority/outbox';
import { createOutbound, jwksCache, type Outbound } from '@authority/outbound';
import { type Database, migrate, open, type Queryable, waitForSchema } from '@authority/postgres';
import type { Runtime } from '@authority/rpc';
import { ensureKeys, KeyTable, KeyWrapping, Macs, SealedValues } from '@authority/sealing';
import { openSettings, type Settings, settingsHandlers } from '@authority/settings';
import { Directory } from './accounts/directory.ts';
import type { IdentityConfig, IdentityMigrateConfig } from './config.ts';
import { Credentials } from './credentials/credentials.ts';
import { passkeyCredentials } from './credentials/passkeys.ts';
import { passwordCredential } from './credentials/password.ts';
import { upstreamCredentials } from './credentials/upstream.ts';
import { recoveryCodesCredential, totpCredential } from './credentials/second-factors.ts';
import { EphemeralFlows } from './ephemeral/flows.ts';
import { EphemeralOnce } from './ephemeral/once.ts';
import { FlowEndpoint } from './flows/flow-endpoint.ts';
import { imports } from './import/import.ts';
import type { Attestation, Completion } from './flows/state.ts';
import { identityModule } from './identity.module.ts';
import { senderOf } from './mails/deliver.ts';
import type { MailLimits } from './mails/limits.ts';
import { mailer } from './mails/mailer.ts';
import { mailQueue, type Mails } from './mails/mails.ts';
import { mailTemplateHandlers } from './mails/templates/mail-templates.ts';
import { storedPasskeys } from './methods/passkey/compose.ts';
import { SendLimits } from './codes/limits.ts';
import { emailCode } from './methods/email-code/email-code.ts';
import { RegistrationProof } from './methods/email-code/registration-proof.ts';
import { password } from './methods/password/password.ts';
import { contact, profile } from './methods/profile/profile.ts';
import { secondFactors } from './methods/second-factors.ts';
import { authenticate } from './passwords/authenticate.ts';
import { decoys } from './passwords/decoys.ts';
import { PasswordWorkers } from './passwords/worker-pool.ts';
import { PostgresAccounts } from './postgres/accounts.ts';
import { hashSample } from './postgres/hash-sample.ts';
import { claimSources } from './postgres/claims.ts';
import { PostgresCodes } from './postgres/codes.ts';
import { ensureCodes, identityJobs } from './postgres/jobs.ts';
import { identityMigrations } from './postgres/migrations.ts';
import { identifierKindsInUse } from './postgres/identifiers.ts';
import { mailNotices } from './postgres/notices.ts';
import { PostgresSchemas } from './postgres/schemas.ts';
import { signInKinds } from './schemas/sign-in-kinds.ts';
import { PostgresVerifiedAddresses } from './postgres/verified-addresses.ts';
import { SchemaAdmin } from './schemas/schema-admin.ts';
import { PostgresUpstreamLinks } from './postgres/upstream-links.ts';
import { PostgresUpstreamProviders } from './postgres/upstream-providers.ts';
import { identitySettings } from './settings.ts';
import { upstream } from './methods/upstream/upstream.ts';
import { UpstreamAdmin } from './upstream/admin.ts';
import { discovery } from './upstream/discovery.ts';
import { Throttle } from './throttle/throttle.ts';
import type { IdentityCore } from './tokens.ts';

export interface Running {
  ready(): boolean;
  stop(): Promise<void>;
}

const service = 'identity';

/** stores -> core -> controllers. */
export async function startIdentity({ config, runtime }: { config: IdentityConfig; runtime: Runtime }): Promise<Running> {
  const database = await open({ url: config.databaseUrl, service });
  const ephemeral = await openEphemeral({
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
    database,
    service,
    prefix: `authority:${service}:`,
  });
  const settings = await openSettings(database, service, identitySettings);
  const passwords = new PasswordWorkers(config.passwordWorkers === undefined ? {} : { size: config.passwordWorkers });
  const feed = new FeedSource(database);
  const outbox = await openOutbox({ database, service, queues: [mailQueue] });
  const keys = new KeyTable(database, new KeyWrapping(service, config.secrets));
  const [sealed, macs] = [new SealedValues(service, keys), new Macs(service, keys)];
  const mail = mailer({ config, database, ephemeral, settings, outbox, sealed });
  const schema = waitForSchema(database, identityMigrations.length);
  const ready = () => schema.reached() && database.isReady() && ephemeral.isReady() && settings.isReady() && outbox.isReady();

  const { mails, limits: mailLimits } = mail;
  const { issuer } = config;
  const outbound = createOutbound({ allow: config.outboundAllow ?? [], egressProxy: config.egressProxy });
  const core = identityCore({ issuer, database, ephemeral, settings, passwords, feed, outbox, sealed, macs, mails, mailLimits, outbound });
  const served = await runtime.serve({ module: identityModule(core), ready });
  mail.start();
  const jobs = runJobs(database, service, identityJobs(database));
  return {
    ready,
    async stop() {
      feed.close();
      await served.close();
      await Promise.all([jobs.stop(), outbox.close()]);
      mail.close();
      schema.stop();
      settings.close();
      await Promise.all([passwords.close(), ephemeral.close()]);
      await database.close();
    },
  };
}

interface Parts {
  readonly issuer: string;
  readonly database: Database;
  readonly ephemeral: Ephemeral;
  readonly settings: Settings<typeof identitySettings>;
  readonly passwords: PasswordWorkers;
  readonly feed: FeedSource;
  readonly outbox: Outbox;
  readonly mails: Mails;
  readonly mailLimits: MailLimits;
  readonly sealed: SealedValues;
  readonly outbound: Outbound;
  readonly macs: Macs;
}

function identityCore(parts: Parts): IdentityCore {
  const { issuer, database, ephemeral, settings, passwords, feed, outbox, sealed, macs, mails, mailLimits, outbound } = parts;
  const accounts = new PostgresAccounts(database, mailNotices(mails));
  const schemas = new PostgresSchemas(database);
  const registrationSchema = () => settings.get('schema.registration');
  const throttle = new Throttle(ephemeral, settings);
  const now = Date.now;
  const rules = () => ({
    minLength: settings.get('password.min_length'),
    minStrength: settings.get('password.min_strength'),
  });
  const standIns = decoys({ sample: () => hashSample(database), macs, now });
  // A method of sign-in is a line here; their order is that of the forms.
  const inUse = () => identifierKindsInUse(database);
  const signedInBy = signInKinds({ inUse, schemas, registrationSchema, now });
  const codes = new PostgresCodes(database, mails);
  const addresses = new PostgresVerifiedAddresses(database, schemas);
  const limits = new SendLimits(ephemeral, mailLimits, settings);
  const place = (row: string) => ({ purpose: 'registration', row }) as const;
  const seal = (text: string, browser: string) => sealed.seal(Buffer.from(text), place(browser));
  const open = async (text: string, browser: string) => (await sealed.open(text, place(browser)))?.toString();
  const proof = new RegistrationProof({ codes, limits, settings, accounts, addresses, seal, open });
  const methods = [
    password({ accounts, passwords, decoys: standIns, throttle, rules, schemas, registrationSchema, proof, signInKinds: signedInBy }),
    storedPasskeys({ issuer, database, ephemeral, settings, macs, mails, accounts, proof, throttle, schemas, registrationSchema, now }),
    emailCode({ codes, limits, settings, accounts, addresses }),
    ...secondFactors({ issuer, database, settings, sealed, macs, mails, accounts }),
    upstream({
      ...{ issuer, outbound, schemas, registrationSchema, throttle },
      providers: new PostgresUpstreamProviders(database, sealed),
      links: new PostgresUpstreamLinks(database),
      discover: discovery(outbound, now),
      jwks: jwksCache(outbound),
    }),
    contact({ accounts, schemas, throttle, proof }),
    profile({ accounts, schemas, throttle }),
  ];
  const flows = new EphemeralFlows(ephemeral);
  const completions = new EphemeralOnce<Completion>(ephemeral, 'completion');
  const attestations = new EphemeralOnce<Attestation>(ephemeral, 'attestation');
  return {
    database,
    feed,
    flows: new FlowEndpoint({ flows, completions, attestations, accounts, methods, settings, now }),
    authenticate: authenticate({ accounts, passwords, decoys: standIns, throttle, settings, now }),
    claims: claimSources(database, schemas),
    directory: new Directory({ database, feed, passwords, rules, schemas, registrationSchema, now }),
    credentials: new Credentials({
      database,
      feed,
      kinds: [passwordCredential, passkeyCredentials, totpCredential, recoveryCodesCredential, upstreamCredentials],
    }),
    imports: imports({ database, schemas, registrationSchema, seeds: sealed, now }),
    upstreamAdmin: new UpstreamAdmin({ database, sealed, issuer }),
    schemaAdmin: new SchemaAdmin({ database, schemas, registrationSchema }),
    mailTemplates: mailTemplateHandlers(database, () => senderOf(settings, issuer)),
    deadLetters: deadLetterHandlers(database, outbox, [mailQueue]),
    settings: settingsHandlers(settings, issuer),
  };
}

/** Brings the schema up to date and makes the keys and hours that are missing, all under the migration's lock. */
export function migrateIdentity({ secrets, ...urls }: IdentityMigrateConfig): Promise<{ applied: string[] }> {
  const wrapping = new KeyWrapping(service, secrets);
  const afterwards = async (tx: Queryable) => {
    await ensureKeys(tx, wrapping);
    await ensureCodes(tx, Date.now());
  };
  return migrate({ ...urls, service, migrations: identityMigrations, afterwards });
}

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';

interface ServiceRole {
  name: string;
  password: string | undefined;
}

/** The role that a service's URL names, unless it is the owner itself. */
export function serviceRole(serviceUrl: string | undefined, owner: string): ServiceRole | undefined {
  if (serviceUrl === undefined) return undefined;
  const url = new URL(serviceUrl);
  const name = decodeURIComponent(url.username);
  if (name === '') throw new Error('The database URL of a service names no user.');
  if (name === owner) return undefined;
  return { name, password: url.password === '' ? undefined : decodeURIComponent(url.password) };
}

/** Makes the role, or gives the one that is there the password of the URL. */
export async function ensureRole(owner: pg.Client, role: ServiceRole): Promise<void> {
  const { rows } = await owner.query({
    text: `SELECT (rolcreaterole OR rolsuper) AS may, EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS present
           FROM pg_roles WHERE rolname = current_user`,
    values: [role.name],
  });
  const { may, present } = rows[0] ?? {};
  if (!may && present) return; // made by the operator, who keeps its password as well
  if (!may) {
    throw new Error(
      `The role ${role.name} does not exist, and the owner of the database may not make it: give the owner CREATEROLE, or create the role.`,
    );
  }
  const password = role.password === undefined ? '' : ` PASSWORD ${pg.escapeLiteral(scramVerifier(role.password))}`;
  await changeRole(owner, role.name, password);
}

/** Roles are of the whole cluster: migrations of other databases may make or change the same one at the same time. */
async function changeRole(owner: pg.Client, name: string, password: string, attempt = 1): Promise<void> {
  const { rows } = await owner.query({ text: 'SELECT FROM pg_roles WHERE rolname = $1', values: [name] });
  const verb = rows.length > 0 ? 'ALTER' : 'CREATE';
  try {
    await owner.query(`${verb} ROLE ${pg.escapeIdentifier(name)} LOGIN${password}`);
  } catch (error) {
    const isRace = error instanceof pg.DatabaseError && /^(42710|23505|XX000)$/.test(error.code ?? '');
    if (!isRace || attempt >= 10) throw error;
    await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    await changeRole(owner, name, password, attempt + 1);
  }
}

/** What a service's role may do: read and write its rows. Nothing for anybody else, no DDL for anybody but the owner. */
export function grants(schema: string, role: string | undefined): string[] {
  const forAll = [`REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`, `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM PUBLIC`];
  if (role === undefined) return forAll;
  const name = pg.escapeIdentifier(role);
  const inSchema = `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema}`;
  return [
    ...forAll,
    `DO $do$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), ${pg.escapeLiteral(role)}); END $do$`,
    `REVOKE CREATE ON SCHEMA ${schema} FROM ${name}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${name}`,
    `${inSchema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${name}`,
    `${inSchema} GRANT USAGE, SELECT ON SEQUENCES TO ${name}`,
    `REVOKE INSERT, UPDATE, DELETE ON ${schema}.migrations FROM ${name}`,
    // Unlogged tables hold short-lived state, which goes by TRUNCATE and never row by row (libs/ephemeral).
    `DO $do$ DECLARE name text; BEGIN
       FOR name IN SELECT relname FROM pg_class
         WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r' AND relpersistence = 'u'
       LOOP EXECUTE format('GRANT TRUNCATE ON ${schema}.%I TO %I', name, ${pg.escapeLiteral(role)}); END LOOP;
     END $do$`,
  ];
}

/** RFC 5803: the server gets the verifier, so that the password is in no statement that it might log. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}

import { Redis } from 'ioredis';
import pg from 'pg';

/** Every row of every table of a database, as text. */
export async function dumpPostgres(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'`,
    );
    const dumped: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      dumped.push(`${name}`, ...rows.map(({ row }) => row));
    }
    return dumped.join('\n');
  } finally {
    await client.end();
  }
}

/** Every key of a Redis with its value, as text. */
export async function dumpRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const dumped = await Promise.all(keys.map(async (key) => `${key} ${JSON.stringify(await contentOf(redis, key))}`));
    return dumped.join('\n');
  } finally {
    redis.disconnect();
  }
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, -1);
    case 'list':
      return redis.lrange(key, 0, -1);
    default:
      return undefined;
  }
}

/** Which of these secrets stand in a text: as they are, or as the hex that PostgreSQL shows bytes in. */
export function foundIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

function formsOf(secret: string): string[] {
  if (secret.length < 8) throw new Error('too short to be told from other text');
  const bytes = /^[\w-]{22,}$/.test(secret) ? [Buffer.from(secret, 'base64url').toString('hex')] : [];
  return [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64url').replace(/.$/, ''), ...bytes];
}

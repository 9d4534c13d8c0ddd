import { type Queryable, statement } from './database.ts';

export type PartitionUnit = 'hour' | 'day';

const unitMs: Record<PartitionUnit, number> = { hour: 3_600_000, day: 86_400_000 };

/** Which partition a moment belongs to: hours or days since 1970 (UTC). Tokens and codes may carry it. */
export function partitionNumber(at: Date, unit: PartitionUnit): number {
  return Math.floor(at.getTime() / unitMs[unit]);
}

export function partitionStart(number: number, unit: PartitionUnit): Date {
  return new Date(number * unitMs[unit]);
}

const ensure = statement('authority.ensure_partitions', 'SELECT authority_ensure_partitions($1, $2, $3, $4) AS made');
const drop = statement('authority.drop_partitions', 'SELECT authority_drop_partitions($1, $2, $3) AS dropped');

/**
 * Makes the partitions of a range-partitioned table of this schema from `from` to `to`, both included; those that exist
 * stay. The partition key is one column: a timestamptz, or an integer that holds the partitionNumber.
 */
export async function ensurePartitions(tx: Queryable, table: string, from: Date, to: Date, unit: PartitionUnit): Promise<number> {
  const values = [table, partitionNumber(from, unit), partitionNumber(to, unit), unit];
  const [row] = await tx.query<{ made: number }>(ensure, values);
  return row?.made ?? 0;
}

/** Drops whole the partitions of a table that end at or before `before`; answers how many. */
export async function dropPartitionsBefore(tx: Queryable, table: string, before: Date, unit: PartitionUnit): Promise<number> {
  const [row] = await tx.query<{ dropped: number }>(drop, [table, partitionNumber(before, unit), unit]);
  return row?.dropped ?? 0;
}

/**
 * The functions that make and drop partitions for a role without DDL rights. They run as the owner, on partitioned tables
 * of their own schema alone, and only partitions by their naming (`<table>_h<number>`, `<table>_d<number>`).
 * ATTACH and a short lock_timeout: nobody who reads or writes waits for them.
 */
export function partitionFunctions(schema: string): string[] {
  return [
    ensureFunction(schema),
    dropFunction(schema),
    'REVOKE ALL ON FUNCTION authority_ensure_partitions(text, bigint, bigint, text), authority_drop_partitions(text, bigint, text) FROM PUBLIC',
  ];
}

const settings = (schema: string): string =>
  `LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${schema}, pg_temp SET lock_timeout = '200ms'`;

const check = (schema: string): string => `
      IF unit NOT IN ('hour', 'day') THEN RAISE EXCEPTION 'unit is hour or day'; END IF;
      SELECT c.oid INTO parent FROM pg_class c
       WHERE c.relnamespace = '${schema}'::regnamespace AND c.relname = table_name AND c.relkind = 'p';
      IF parent IS NULL THEN RAISE EXCEPTION '% is no partitioned table of ${schema}', table_name; END IF;`;

function ensureFunction(schema: string): string {
  return `CREATE OR REPLACE FUNCTION authority_ensure_partitions(table_name text, first_number bigint, last_number bigint, unit text)
     RETURNS int ${settings(schema)} AS $body$
     DECLARE
      parent oid; key_type text; name text; made int := 0; seconds int := CASE unit WHEN 'day' THEN 86400 ELSE 3600 END;
      low text; high text;
     BEGIN${check(schema)}
      IF last_number - first_number > 2000 THEN RAISE EXCEPTION 'too many partitions at once'; END IF;
      SELECT format_type(a.atttypid, NULL) INTO key_type FROM pg_partitioned_table p
        JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent;
      FOR number IN first_number..last_number LOOP
        name := format('%s_%s%s', table_name, left(unit, 1), number);
        CONTINUE WHEN to_regclass(format('%I.%I', '${schema}', name)) IS NOT NULL;
        IF key_type LIKE 'timestamp%' THEN
          low := to_timestamp(number * seconds)::text; high := to_timestamp((number + 1) * seconds)::text;
        ELSE
          low := number::text; high := (number + 1)::text;
        END IF;
        BEGIN
          EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)', name, table_name);
          EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', table_name, name, low, high);
          made := made + 1;
        EXCEPTION WHEN duplicate_table OR duplicate_object OR unique_violation THEN
          NULL; -- another process made it
        END;
      END LOOP;
      RETURN made;
     END $body$`;
}

function dropFunction(schema: string): string {
  return `CREATE OR REPLACE FUNCTION authority_drop_partitions(table_name text, before_number bigint, unit text)
     RETURNS int ${settings(schema)} AS $body$
     DECLARE parent oid; name text; dropped int := 0;
     BEGIN${check(schema)}
      FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = parent AND c.relname ~ ('^' || table_name || '_' || left(unit, 1) || '[0-9]+$')
           AND substring(c.relname FROM '[0-9]+$')::bigint < before_number
         ORDER BY 1
      LOOP
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
      END LOOP;
      RETURN dropped;
     END $body$`;
}

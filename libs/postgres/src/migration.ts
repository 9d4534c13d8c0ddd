import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A TypeORM migration. It must have a `name` of its own: a bundler may rename classes. */
export type Migration = new () => MigrationInterface & { readonly name: string };

/**
 * A migration of SQL statements, each run in order, all in one transaction, with the service's schema as search path.
 * `name` ends with the 13 digits of its time in milliseconds, which is its place in the order (TypeORM's rule).
 * Migrations only expand; there is no way down. Texts that a library makes are asked for when they are run.
 */
export function migration(name: string, statements: readonly string[] | (() => Promise<readonly string[]>)): Migration {
  if (!/^[A-Za-z_][A-Za-z0-9_]*\d{13}$/.test(name)) {
    throw new TypeError(`The migration name ${name} must be a word that ends with its time in milliseconds (13 digits).`);
  }
  return class implements MigrationInterface {
    readonly name = name;

    async up(runner: QueryRunner): Promise<void> {
      for (const text of typeof statements === 'function' ? await statements() : statements) await runner.query(text);
    }

    down(): Promise<void> {
      return Promise.reject(new Error('Migrations only expand: a later release takes away what is not needed.'));
    }
  };
}

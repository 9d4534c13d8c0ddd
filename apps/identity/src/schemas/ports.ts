import type { IdentitySchema } from './identity-schema.ts';

/** What can be an id; what cannot must not reach a statement. */
export const isSchemaId = (id: string): boolean => /^[a-z][a-z0-9_-]{0,39}$/.test(id);

/** Schemas by id and version. */
export interface Schemas {
  /** A version, deleted schemas among them: people may have it. */
  find(id: string, version: number): Promise<IdentitySchema | undefined>;
  /** The newest version, which the next change of traits follows; of a deleted schema only for those who have it. */
  newest(id: string, having?: 'live' | 'any'): Promise<IdentitySchema | undefined>;
}

import type { FieldViolation } from '@authority/errors';
import type { Traits } from '../accounts/traits.ts';
import { isObject } from './annotation.ts';
import { type IdentitySchema, mostTraitBytes } from './identity-schema.ts';

/** Traits as an operator sends them, if they fit; else what is wrong, by trait. */
export function readTraits(schema: IdentitySchema, json: string, field: string): Traits | FieldViolation[] {
  const traits = json.length > mostTraitBytes ? undefined : parsed(json);
  if (!isObject(traits))
    return [{ field, description: `must be a JSON object of at most ${mostTraitBytes} bytes, such as {"email":"a@example.com"}` }];
  const faults = schema.faultsOf(traits);
  if (faults.length === 0) return traits;
  return faults.map(({ trait, description }) => ({ field: trait === '' ? field : `${field}.${trait}`, description }));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

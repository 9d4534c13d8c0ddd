import { IdentitySchema } from '../identity-schema.ts';
import { readDocument } from '../document.ts';
import { defaultPreset } from './default.ts';
import { employeePreset } from './employee.ts';
import { phonePreset } from './phone.ts';
import { usernamePreset } from './username.ts';

/** A schema that is there from the start, as version 1; later versions of it are rows like any other's. */
export interface Preset {
  readonly id: string;
  readonly document: string;
  readonly schema: IdentitySchema;
}

/** What a preset is never changes: people have its version 1. A better one is a new preset, or an operator's version 2. */
export const presets: readonly Preset[] = Object.entries({
  default: defaultPreset,
  username: usernamePreset,
  phone: phonePreset,
  employee: employeePreset,
}).map(([id, document]) => {
  const json = JSON.stringify(document, undefined, 2);
  const read = readDocument(json, id);
  if (Array.isArray(read)) throw new Error(`the preset ${id} is wrong: ${JSON.stringify(read)}`);
  return { id, document: json, schema: new IdentitySchema(id, 1, read) };
});

export const findPreset = (id: string): Preset | undefined => presets.find((preset) => preset.id === id);

/** What everybody had before there were schemas. */
export const defaultSchema: IdentitySchema = presets.find(({ id }) => id === 'default')?.schema ?? missing();

function missing(): never {
  throw new Error('there is no default preset');
}

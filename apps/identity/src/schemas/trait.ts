import type { AddressKind } from '../accounts/identifier.ts';
import type { Annotation } from './annotation.ts';

export type TraitType = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array';

/** One trait that a schema knows, as its document says. */
export interface Trait {
  /** Members on the way to it: `['address', 'locality']`. */
  readonly path: readonly string[];
  /** The path with dots; the name of its field. */
  readonly name: string;
  readonly type: TraitType;
  readonly format: string;
  /** It, and all that it is in. */
  readonly required: boolean;
  /** The texts that it can be; empty: any. */
  readonly choices: readonly string[];
  readonly annotation: Annotation;
}

/** Where a code can be sent to, if it is an address. */
export function addressKindOf({ annotation, format }: Pick<Trait, 'annotation' | 'format'>): AddressKind | undefined {
  if (annotation.identifier === 'email' || annotation.identifier === 'phone') return annotation.identifier;
  return format === 'email' || format === 'phone' ? format : undefined;
}

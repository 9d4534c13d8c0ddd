import { OAuthError } from '@authority/errors';
import { isObject } from '../primitives/jwt.ts';
import { isText } from '../primitives/parameters.ts';

/** A refusal of client metadata (RFC 7591 §3.2.2). The text says which member, and what would be right. */
export function invalidMetadata(description: string): OAuthError {
  // error_description knows neither `"` nor `\` nor anything beyond ASCII (RFC 6749 §5.2).
  return new OAuthError('invalid_client_metadata', 'client_metadata_invalid', {
    description: description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?'),
  });
}

/** Reads members of a metadata object by type. Members that no one reads are ignored (RFC 7591 §2). */
export class Metadata {
  readonly #members: Record<string, unknown>;

  constructor(metadata: unknown) {
    if (!isObject(metadata)) throw invalidMetadata('the metadata is not a JSON object');
    this.#members = metadata;
  }

  /** Of all members that came. */
  names(): readonly string[] {
    return Object.keys(this.#members);
  }

  /** The text of a member; undefined when it is absent, null (RFC 7592 §2.2) or empty. */
  text(name: string, longest = 2048): string | undefined {
    const value = this.#value(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string' || value.length > longest || !isText(value)) {
      throw invalidMetadata(`${name} is not a string of at most ${longest} characters`);
    }
    return value;
  }

  /**
   * A text that people read on the consent page (RFC 7591 §5): no control characters, and none that is invisible or turns
   * the direction of writing, by which one name can look like another. Joiners within a word are kept: scripts need them.
   */
  shownText(name: string, longest: number): string | undefined {
    const value = this.text(name, longest);
    if (value !== undefined && /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(value)) {
      throw invalidMetadata(`${name} has characters that cannot be seen`);
    }
    return value;
  }

  texts(name: string, most = 100): readonly string[] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const isList =
      Array.isArray(value) &&
      value.length <= most &&
      value.every((one) => typeof one === 'string' && one !== '' && one.length <= 2048 && isText(one));
    if (!isList) throw invalidMetadata(`${name} is not an array of at most ${most} strings`);
    return [...new Set<string>(value)];
  }

  flag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value !== undefined && typeof value !== 'boolean') throw invalidMetadata(`${name} is not a boolean`);
    return value;
  }

  seconds(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > 999_999_999) {
      throw invalidMetadata(`${name} is not a number of seconds`);
    }
    return value;
  }

  object(name: string): Record<string, unknown> | undefined {
    const value = this.#value(name);
    if (value !== undefined && !isObject(value)) throw invalidMetadata(`${name} is not a JSON object`);
    return value;
  }

  /** The address of a page or picture: http or https, nothing that a browser would run. */
  webAddress(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
      throw invalidMetadata(`${name} is not a web address`);
    }
    return value;
  }

  choice<T extends string>(name: string, allowed: readonly T[], byDefault: T): T {
    const value = this.text(name);
    if (value === undefined) return byDefault;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw invalidMetadata(`${name} is none of ${allowed.join(', ')}`);
    return found;
  }

  optionalChoice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    const found = allowed.find((one) => one === value);
    if (value !== undefined && found === undefined) throw invalidMetadata(`${name} is none of ${allowed.join(', ')}`);
    return found;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined;
  }
}

/** Without the members that were not given. */
export function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Object.fromEntries loses the key types that the filter keeps.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

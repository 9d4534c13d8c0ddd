/** What a setting's text becomes; a parser that refuses throws a `Refusal` whose text may be shown to the operator. */
export class Refusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refusal';
  }
}

export interface Kind<T> {
  /** A word for the reference: `host:port`, `duration`, ... */
  readonly kind: string;
  /** A secret is also read from NAME_FILE, and its value is never repeated in a fault. */
  readonly secret: boolean;
  /** Throws a `Refusal`. `name` is for kinds that speak of their own variable. */
  parse(text: string): T;
}

interface Facts {
  readonly variable?: string;
  readonly text?: string;
  readonly required: boolean;
}

/** One setting: its kind, its default, its words in the reference. Immutable; every step gives a new one. */
export class Setting<T> {
  readonly kind: Kind<unknown>;
  readonly docText: string;
  readonly facts: Facts;
  private readonly fallback: (() => T) | undefined;

  constructor(kind: Kind<unknown>, fallback?: () => T, docText = '', facts: Facts = { required: true }) {
    this.kind = kind;
    this.fallback = fallback;
    this.docText = docText;
    this.facts = facts;
  }

  /** A text is read as if it had been set, so that it is checked and shown in the reference in the operator's words. */
  default(value: T | string): Setting<T> {
    const { kind } = this;
    // The kind parses to T: the constructors of kinds.ts are the only makers of settings.
    const fallback = typeof value === 'string' ? () => kind.parse(value) as T : () => value;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return new Setting(kind, fallback, this.docText, { ...this.facts, text, required: false });
  }

  /** Unset reads as `undefined`. */
  optional(): Setting<T | undefined> {
    return new Setting<T | undefined>(this.kind, () => undefined, this.docText, { ...this.facts, required: false });
  }

  /** What the reference says about it: one or two sentences for an operator. */
  doc(docText: string): Setting<T> {
    return new Setting(this.kind, this.fallback, docText, this.facts);
  }

  /** The environment variable, where it is not the one derived from the property's name. */
  named(variable: string): Setting<T> {
    return new Setting(this.kind, this.fallback, this.docText, { ...this.facts, variable });
  }

  read(text: string | undefined): T {
    // As in `default`: the kind parses to T.
    if (text !== undefined) return this.kind.parse(text) as T;
    if (this.fallback === undefined) throw new Refusal('is required');
    return this.fallback();
  }
}

/** Keys are property names (`httpListen` reads AUTHORITY_HTTP_LISTEN) or the variables themselves. */
export type Spec = Readonly<Record<string, Setting<unknown>>>;

export type Settings<S extends Spec> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** `httpListen` -> `AUTHORITY_HTTP_LISTEN`; a key in capitals is a variable already. */
export function variableOf(key: string, setting: Setting<unknown>): string {
  if (setting.facts.variable !== undefined) return setting.facts.variable;
  if (/^[A-Z][A-Z0-9_]*$/.test(key)) return key;
  return `AUTHORITY_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;
}
